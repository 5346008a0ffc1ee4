export {
  cellOf,
  childPath,
  type DeviceTree,
  type DeviceTreeNode,
  type FlatNode,
  MAX_TREE_DEPTH,
  parentPath,
  treeOf,
} from '../model/index.ts';
