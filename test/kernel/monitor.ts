import { createConnection } from 'node:net';
import { once } from 'node:events';

/**
 * Does on the machine what a guest asks for: `link NAME on` and `link NAME off` plug a network card's cable in and pull
 * it out (QMP's `set_link`). Nothing else is understood. Throws where QEMU refuses or does not answer.
 */
export async function serveRequest(request: string, monitorSocket: string): Promise<void> {
  const [, name, state] = /^link (\w+) (on|off)$/.exec(request) ?? [];
  if (name === undefined) throw new Error(`the guest asks for ${request}`);
  const socket = createConnection(monitorSocket);
  socket.setTimeout(10_000, () => socket.destroy(new Error('QEMU does not answer')));
  try {
    await once(socket, 'connect');
    const orders = [{ execute: 'qmp_capabilities' }, { execute: 'set_link', arguments: { name, up: state === 'on' } }];
    socket.write(orders.map((order) => `${JSON.stringify(order)}\n`).join(''));
    let said = '';
    let answered = 0;
    for await (const chunk of socket) {
      said += String(chunk);
      const lines = said.split('\n').filter((line) => /^\{"(return|error)"/.test(line));
      const refused = lines.find((line) => line.startsWith('{"error"'));
      if (refused !== undefined) throw new Error(`QEMU refuses ${request}: ${refused.trim()}`);
      answered = lines.length;
      if (answered === orders.length) return;
    }
    throw new Error(`QEMU left ${request} without an answer`);
  } finally {
    socket.destroy();
  }
}
