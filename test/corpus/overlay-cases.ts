/** Sources to compare with `fdtoverlay` on; all are compiled with labels unless the base says otherwise. */
export interface OverlayCase {
  readonly title: string;
  readonly base: string;
  readonly baseHasSymbols: boolean;
  /** Applied one after the other. */
  readonly overlays: readonly string[];
  readonly applies: boolean;
}

const BASE = `/dts-v1/;
/memreserve/ 0x10000 0x1000;
/ {
  #address-cells = <1>;
  #size-cells = <1>;
  interrupt-parent = <&pic>;
  aliases { serial0 = &uart; };
  soc: soc@f0000000 {
    ranges = <0 0xf0000000 0x100000>;
    #address-cells = <1>;
    #size-cells = <1>;
    pic: pic@40000 { interrupt-controller; #interrupt-cells = <2>; reg = <0x40000 0x100>; };
    gpio: gpio@50000 { gpio-controller; #gpio-cells = <2>; reg = <0x50000 0x100>; };
    uart: serial@60000 { reg = <0x60000 0x100>; interrupts = <3 4>; status = "disabled"; };
  };
};
`;

const overlay = (body: string): string => `/dts-v1/;\n/plugin/;\n${body}\n`;

const sound = (title: string, ...bodies: readonly string[]): OverlayCase => ({
  title,
  base: BASE,
  baseHasSymbols: true,
  overlays: bodies.map(overlay),
  applies: true,
});

const refused = (title: string, ...bodies: readonly string[]): OverlayCase => ({
  ...sound(title, ...bodies),
  applies: false,
});

export const OVERLAY_CASES: readonly OverlayCase[] = [
  sound('a property replaced, one added', `&uart { status = "okay"; current-speed = <115200>; };`),
  sound('a node added to a label', `&soc { led@70000 { reg = <0x70000 4>; gpios = <&gpio 5 0>; }; };`),
  sound(
    'phandles of its own, and references to them',
    `&soc { a: mux@80000 { #mux-control-cells = <1>; }; b: led@90000 { mux-controls = <&a 1>; other = <&gpio 1 2 &a 3 &b>; }; };`,
  ),
  sound('references that are not aligned', `&soc { x { p = "ab", <&gpio 1>, [01], <&y>; y: z { }; }; };`),
  sound('the root by its path', `&{/} { model = "other"; chosen { bootargs = "quiet"; }; };`),
  sound('a node by its path', `&{/soc@f0000000/serial@60000} { status = "okay"; };`),
  sound(
    'a fragment by hand, with a last slash',
    `/ { fragment@7 { target-path = "/soc@f0000000/"; __overlay__ { p; }; }; };`,
  ),
  sound('a path without its unit address', `/ { fragment@0 { target-path = "/soc/serial"; __overlay__ { p; }; }; };`),
  sound('an alias as a path', `/ { fragment@0 { target-path = "serial0"; __overlay__ { p; }; }; };`),
  sound(
    'an alias before a path',
    `/ { aliases { }; fragment@0 { target-path = "serial0/"; __overlay__ { q { }; }; }; };`,
  ),
  sound('a fragment in what another one brought', `&soc { new: bus@a0000 { }; };\n&new { child@1 { q = <&new>; }; };`),
  sound('a value that becomes empty, one that becomes long', `&uart { status; reg = <0 0 0 0 0 0 0 0 0 0 0 0>; };`),
  sound('nodes without a fragment', `/ { stray { p; }; fragment@0 { target = <&uart>; __overlay__ { p; }; }; };`),
  sound(
    'a second overlay that refers to the first',
    `&soc { new: bus@a0000 { inner: x { }; }; };`,
    `&new { y: y { p = <&inner &y &gpio>; }; };`,
    `&y { z = <&new>; };`,
  ),
  sound('the same overlay twice', ...new Array<string>(2).fill(`&soc { x { p = <&gpio>; }; };`)),
  {
    ...sound('a base without labels, and no reference', `&{/soc@f0000000} { x: x { }; };`),
    baseHasSymbols: false,
  },
  { ...refused('a base without labels, and a reference', `&uart { p; };`), baseHasSymbols: false },
  refused('a label that the base does not have', `&nowhere { p; };`),
  refused('a reference to a label that the base does not have', `&uart { p = <&nowhere>; };`),
  refused('a path that the base does not have', `&{/nowhere} { p; };`),
  refused('an alias that the base does not have', `/ { fragment@0 { target-path = "serial1"; __overlay__ { }; }; };`),
  refused('a fragment without a target', `/ { fragment@0 { __overlay__ { p; }; }; };`),
  refused('a phandle that is no node', `/ { fragment@0 { target = <0x7777>; __overlay__ { p; }; }; };`),
  refused('a target that is no label', `/ { fragment@0 { target = <0xffffffff>; __overlay__ { p; }; }; };`),
  refused(
    'a fixup that is none',
    `/ { fragment@0 { target-path = "/"; __overlay__ { }; }; __fixups__ { uart = "x"; }; };`,
  ),
  refused(
    'a fixup behind the end of its property',
    `/ { fragment@0 { target-path = "/"; __overlay__ { p = <1>; }; }; __fixups__ { uart = "/fragment@0/__overlay__:p:1"; }; };`,
  ),
  refused(
    'a fixup of a node that is not there',
    `/ { fragment@0 { target-path = "/"; __overlay__ { }; }; __local_fixups__ { x { p = <0>; }; }; };`,
  ),
];
