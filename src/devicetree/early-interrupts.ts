/**
 * Interrupt controllers that Linux sets up before it has devices: everything declared with IRQCHIP_DECLARE in
 * drivers/irqchip and arch of Linux 6.12 (of_irq_init in drivers/of/irq.c marks them OF_POPULATED), without the few
 * whose driver takes the mark away again, so that a device can be made too. By vendor, as in early-clocks.ts.
 */
export const EARLY_INTERRUPTS: Readonly<Record<string, string>> = {
  abilis: 'tb10x-ictl',
  actions: 's500-sirq s700-sirq s900-sirq',
  al: 'alpine-msix',
  allwinner:
    'sun20i-d1-plic sun4i-a10-ic sun50i-h6-r-intc sun6i-a31-r-intc sun6i-a31-sc-nmi sun7i-a20-sc-nmi ' +
    'sun9i-a80-nmi suniv-f1c100s-ic',
  alphascale: 'asm9260-icoll',
  amazon: 'al-fic',
  andestech: 'cpu-intc',
  apple: 'aic aic2',
  arm:
    'arm1176jzf-devchip-gic arm11mp-gic armv7m-nvic cortex-a15-gic cortex-a7-gic cortex-a9-gic eb11mp-gic ' +
    'gic-400 gic-v3 pl190-vic pl192-vic pl390 tc11mp-gic versatile-fpga-irq versatile-sic versatile-vic',
  aspeed:
    'ast2400-i2c-ic ast2400-scu-ic ast2400-vic ast2500-i2c-ic ast2500-scu-ic ast2500-vic ast2600-scu-ic0 ' +
    'ast2600-scu-ic1',
  atmel: 'at91rm9200-aic sama5d2-aic sama5d3-aic sama5d4-aic',
  brcm: 'bcm2835-armctrl-ic bcm2836-armctrl-ic bcm2836-l1-intc bcm6345-l1-intc',
  cdns: 'xtensa-mx xtensa-pic',
  cirrus: 'ep7209-intc',
  cnxt: 'cx92755-ic',
  cortina: 'gemini-interrupt-controller',
  csky: 'apb-intc dual-apb-intc gx6605s-intc mpintc',
  faraday: 'ftintc010',
  fsl: 'avic icoll ls1021a-extirq ls1043a-extirq ls1088a-extirq tzic ' + 'vf610-mscm-ir',
  google: 'goldfish-pic',
  hisilicon: 'hip04-intc',
  idt: '32434-pic',
  ingenic:
    'jz4725b-intc jz4725b-tcu jz4740-intc jz4740-tcu jz4760-intc jz4760-tcu jz4770-intc jz4770-tcu ' +
    'jz4775-intc jz4780-intc x1000-tcu',
  intel: 'i8259 ixp42x-interrupt ixp43x-interrupt ixp45x-interrupt ixp46x-interrupt',
  jcore: 'aic1 aic2',
  lantiq: 'icu',
  loongson:
    'cpu-interrupt-controller htpic-1.0 htvec-1.0 liointc-1.0 liointc-1.0a liointc-2.0 ls1x-intc ' +
    'ls2k0500-eiointc ls2k2000-eiointc pch-msi-1.0 pch-pic-1.0',
  lsi: 'zevio-intc',
  marvell: 'mmp3-intc mpic odmi-controller orion-bridge-intc orion-intc pxa-intc',
  mediatek: 'mt6577-sysirq mtk-cirq',
  microchip: 'pic32mzda-evic sam9x60-aic',
  moxa: 'moxart-ic',
  mrvl: 'mmp-intc mmp2-intc mmp2-mux-intc',
  mscc: 'jaguar2-icpu-intr luton-icpu-intr ocelot-icpu-intr serval-icpu-intr',
  mstar: 'mst-intc',
  mti: 'cpu-interrupt-controller gic',
  nuvoton: 'wpcm450-aic',
  nvidia: 'tegra20-ictlr tegra210-ictlr tegra30-ictlr',
  nxp: 'lpc3220-mic lpc3220-sic',
  opencores: 'or1200-pic or1k-pic or1k-pic-edge or1k-pic-level',
  openrisc: 'ompic',
  qca: 'ar7100-cpu-intc ar7100-misc-intc ar7240-misc-intc',
  qcom: 'msm-8660-qgic msm-qgic2',
  rda: '8810pl-intc',
  realtek: 'rtl-intc',
  riscv: 'cpu-intc',
  samsung: 'exynos4210-combiner',
  snps: 'arc700-intc archs-idu-intc archs-intc dw-apb-ictl',
  socionext: 'synquacer-exiu',
  st: 'spear300-shirq spear310-shirq spear320-shirq stm32-exti stm32h7-exti',
  sunplus: 'sp7021-intc',
  ti: 'am33xx-intc cp-intc dm814-intc dm816-intc irq-crossbar omap2-intc omap3-intc omap4-wugen-mpu',
  via: 'vt8500-intc',
  xlnx: 'opb-intc-1.00.c xps-intc-1.00.a',
};
