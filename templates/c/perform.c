/* ---- Every kind of step --------------------------------------------------------------------------------------------- */

static enum outcome perform(const struct step *step)
{
    switch (step->kind) {
    case STEP_LOAD_MODULE: return load_module(step);
    case STEP_SET_MODULE_PARAMETER: return set_module_parameter(step);
    case STEP_SET_HUGE_PAGES: return set_huge_pages(step);
    case STEP_SET_VF_AUTOPROBE: return set_vf_autoprobe(step);
    case STEP_SET_VF_COUNT: return set_vf_count(step);
    case STEP_SET_DRIVER_OVERRIDE: return set_driver_override(step);
    case STEP_UNBIND_DRIVER: return unbind_driver(step);
    case STEP_BIND_DRIVER: return bind_driver(step);
    case STEP_WAIT_NODE: return wait_node(step);
    case STEP_WAIT_NOIOMMU_NODE: return wait_noiommu_node(step);
    case STEP_CHOWN_NODE: return chown_node(step);
    case STEP_CHMOD_NODE: return chmod_node(step);
    case STEP_OPEN_CONTAINER: return open_container(step);
    case STEP_CHECK_API_VERSION: return check_api_version(step);
    case STEP_CHECK_EXTENSION: return check_extension(step);
    case STEP_OPEN_GROUP: return open_group(step);
    case STEP_OPEN_NOIOMMU_GROUP: return open_noiommu_group(step);
    case STEP_CHECK_GROUP_VIABLE: return check_group_viable(step);
    case STEP_SET_CONTAINER: return set_container(step);
    case STEP_UNSET_CONTAINER: return unset_container(step);
    case STEP_SET_IOMMU: return set_iommu(step);
    case STEP_CHECK_IOMMU_INFO: return check_iommu_info(step);
    case STEP_CONTAINER_IOCTL: return container_ioctl(step);
    case STEP_MAP_DMA: return map_dma(step);
    case STEP_UNMAP_DMA: return unmap_dma(step);
    case STEP_OPEN_DEVICE: return open_device(step);
    case STEP_CHECK_DEVICE_INFO: return check_device_info(step);
    case STEP_CHECK_REGION_INFO: return check_region_info(step);
    case STEP_CHECK_IRQ_INFO: return check_irq_info(step);
    case STEP_CHECK_DEVTREE_INFO: return check_devtree_info(step);
    case STEP_RESET_DEVICE: return reset_device(step);
    case STEP_CHECK_HOT_RESET: return check_hot_reset(step);
    case STEP_HOT_RESET: return hot_reset(step);
    case STEP_WRITE_REGION: return write_region(step);
    case STEP_MODIFY_REGION: return modify_region(step);
    case STEP_EXPECT_REGION: return expect_region(step);
    case STEP_POLL_REGION: return poll_region(step);
    case STEP_DELAY: return delay(step);
    case STEP_SET_MEMLOCK_LIMIT: return set_memlock_limit(step);
    case STEP_CREATE_MEMFD: return create_memfd(step);
    case STEP_RESIZE_MEMFD: return resize_memfd(step);
    case STEP_ALLOCATE_MEMORY: return allocate_memory(step);
    case STEP_FREE_MEMORY: return free_memory(step);
    case STEP_CREATE_EVENTFD: return create_eventfd(step);
    case STEP_SET_IRQS: return set_irqs(step);
    case STEP_CLEAR_IRQS: return clear_irqs(step);
    case STEP_SET_IRQ_UNMASK: return set_irq_unmask(step);
    case STEP_CLEAR_IRQ_UNMASK: return set_irq_unmask(step);
    case STEP_CLOSE: return close_handle(step);
    }
    return refuse("a step of no kind");
}
