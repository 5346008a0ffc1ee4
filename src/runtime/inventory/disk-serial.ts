import type { HostFiles } from './host-files.ts';
import { HostPath } from './host-paths.ts';

/** A disk's serial number, from the place where its driver shows it: virtio, NVMe, or the SCSI page 0x80. */
export function readDiskSerial(files: HostFiles, name: string): string | null {
  const directory = `${HostPath.blockClass}/${name}`;
  const plain = files.attribute(`${directory}/serial`) ?? files.attribute(`${directory}/device/serial`);
  if (plain !== null && plain.trim() !== '') return plain.trim();
  // Four bytes of header, then the number, in ASCII (SPC-4, unit serial number page).
  const page = files.bytes(`${directory}/device/vpd_pg80`, 0, 256);
  const text =
    page === null
      ? ''
      : page
          .subarray(4)
          .toString('latin1')
          .replace(/[^\x20-\x7e]/g, '')
          .trim();
  return text === '' ? null : text;
}
