/**
 * Names that become a part of a path of the host: what the kernel calls devices and drivers, and never a way upwards. The
 * schema of a plan has the same forms.
 */
const DEVICE = /^(?!\.{1,2}$)[A-Za-z0-9,._+@:#-]{1,200}$/;
const DRIVER = /^(?!\.{1,2}$)[A-Za-z0-9_.+-]{1,64}( [A-Za-z0-9_.+-]{1,64})*$/;

/** Whether this can be what a bus calls a device: an address, or a name such as `fff51000.ethernet`. */
export const isDeviceName = (name: string): boolean => DEVICE.test(name);

/** Whether this can be the name of a driver: some have blanks, none has a slash. */
export const isDriverName = (name: string): boolean => DRIVER.test(name);
