/**
 * The whole disks that a name may stand for, most literal first: with or without /dev/, and a partition names its disk
 * (sda1, nvme0n1p2, mmcblk0p1; Linux puts a `p` between a disk whose name ends in a digit and the number).
 */
export function diskNames(text: string): string[] {
  const name = text.replace(/^\/dev\//, '');
  const afterDigit = /^(.*[0-9])p[0-9]+$/.exec(name)?.[1];
  const afterLetter = /^((?:sd|hd|vd|xvd)[a-z]+)[0-9]+$/.exec(name)?.[1];
  return [name, afterDigit, afterLetter].filter((candidate) => candidate !== undefined);
}
