/**
 * Clock providers that Linux sets up before it has devices, and which therefore never become one: everything declared with
 * CLK_OF_DECLARE in drivers/clk and arch of Linux 6.12 (of_clk_init in drivers/clk/clk.c marks them OF_POPULATED). Those
 * declared with CLK_OF_DECLARE_DRIVER do become devices. By vendor: `{ arm: 'sp810' }` stands for
 * `arm,sp810`; the vendor '' has the names without one.
 */
export const EARLY_CLOCKS: Readonly<Record<string, string>> = {
  '': 'fixed-clock fixed-factor-clock fixed-mmio-clock',
  allwinner:
    'sun4i-a10-ahb-clk sun4i-a10-ahb-gates-clk sun4i-a10-apb0-clk sun4i-a10-apb0-gates-clk sun4i-a10-apb1-clk ' +
    'sun4i-a10-apb1-gates-clk sun4i-a10-axi-clk sun4i-a10-axi-gates-clk sun4i-a10-codec-clk sun4i-a10-cpu-clk ' +
    'sun4i-a10-display-clk sun4i-a10-dram-gates-clk sun4i-a10-gates-clk sun4i-a10-mmc-clk sun4i-a10-mod1-clk ' +
    'sun4i-a10-osc-clk sun4i-a10-pll1-clk sun4i-a10-pll2-clk sun4i-a10-pll3-clk sun4i-a10-pll5-clk ' +
    'sun4i-a10-pll6-clk sun4i-a10-tcon-ch0-clk sun4i-a10-tcon-ch1-clk sun4i-a10-usb-clk sun4i-a10-ve-clk ' +
    'sun5i-a10s-ahb-gates-clk sun5i-a10s-apb0-gates-clk sun5i-a10s-apb1-gates-clk sun5i-a10s-ccu ' +
    'sun5i-a13-ahb-clk sun5i-a13-ahb-gates-clk sun5i-a13-apb0-gates-clk sun5i-a13-apb1-gates-clk ' +
    'sun5i-a13-ccu sun5i-a13-mbus-clk sun5i-a13-pll2-clk sun5i-a13-usb-clk sun6i-a31-ahb1-clk ' +
    'sun6i-a31-ahb1-gates-clk sun6i-a31-ahb1-mux-clk sun6i-a31-apb1-gates-clk sun6i-a31-apb2-gates-clk ' +
    'sun6i-a31-display-clk sun6i-a31-pll1-clk sun6i-a31-pll6-clk sun6i-a31-usb-clk sun7i-a20-ahb-gates-clk ' +
    'sun7i-a20-apb0-gates-clk sun7i-a20-apb1-gates-clk sun7i-a20-gmac-clk sun7i-a20-out-clk ' +
    'sun7i-a20-pll4-clk sun8i-a23-ahb1-gates-clk sun8i-a23-apb1-gates-clk sun8i-a23-apb2-gates-clk ' +
    'sun8i-a23-axi-clk sun8i-a23-mbus-clk sun8i-a23-pll1-clk sun8i-a23-usb-clk sun8i-a33-ahb1-gates-clk ' +
    'sun8i-a83t-apb0-gates-clk sun8i-a83t-bus-gates-clk sun8i-h3-ahb2-clk sun8i-h3-bus-gates-clk ' +
    'sun8i-h3-usb-clk sun9i-a80-ahb-clk sun9i-a80-ahb0-gates-clk sun9i-a80-ahb1-gates-clk ' +
    'sun9i-a80-ahb2-gates-clk sun9i-a80-apb0-clk sun9i-a80-apb0-gates-clk sun9i-a80-apb1-clk ' +
    'sun9i-a80-apb1-gates-clk sun9i-a80-apbs-gates-clk sun9i-a80-cpus-clk sun9i-a80-gt-clk sun9i-a80-mmc-clk ' +
    'sun9i-a80-mod0-clk sun9i-a80-pll4-clk sun9i-a80-usb-mod-clk sun9i-a80-usb-phy-clk',
  alphascale: 'asm9260-clock-controller',
  altr:
    'socfpga-a10-gate-clk socfpga-a10-perip-clk socfpga-a10-pll-clock socfpga-gate-clk socfpga-perip-clk ' +
    'socfpga-pll-clock',
  apm:
    'xgene-device-clock xgene-pcppll-clock xgene-pcppll-v2-clock xgene-pmd-clock xgene-socpll-clock ' +
    'xgene-socpll-v2-clock',
  arm:
    'integrator-cm-auxosc sp810 syscon-icst307 syscon-icst525 syscon-icst525-integratorap-cm ' +
    'syscon-icst525-integratorap-pci syscon-icst525-integratorap-sys syscon-icst525-integratorcp-cm-core ' +
    'syscon-icst525-integratorcp-cm-mem versatile-cm-auxosc',
  atmel:
    'at91rm9200-clk-main at91rm9200-clk-main-osc at91rm9200-clk-master at91rm9200-clk-peripheral ' +
    'at91rm9200-clk-pll at91rm9200-clk-programmable at91rm9200-clk-system at91rm9200-clk-usb at91rm9200-pmc ' +
    'at91sam9260-clk-slow at91sam9260-pmc at91sam9261-pmc at91sam9263-pmc at91sam9g15-pmc ' +
    'at91sam9g20-clk-pllb at91sam9g20-pmc at91sam9g25-pmc at91sam9g35-pmc at91sam9g45-clk-pll ' +
    'at91sam9g45-clk-programmable at91sam9g45-pmc at91sam9n12-clk-usb at91sam9n12-pmc at91sam9rl-pmc ' +
    'at91sam9x25-pmc at91sam9x35-pmc at91sam9x5-clk-main at91sam9x5-clk-main-rc-osc at91sam9x5-clk-master ' +
    'at91sam9x5-clk-peripheral at91sam9x5-clk-plldiv at91sam9x5-clk-programmable at91sam9x5-clk-smd ' +
    'at91sam9x5-clk-usb at91sam9x5-clk-utmi at91sam9x5-sckc sama5d2-clk-audio-pll-frac ' +
    'sama5d2-clk-audio-pll-pad sama5d2-clk-audio-pll-pmc sama5d2-clk-generated sama5d2-clk-i2s-mux ' +
    'sama5d2-pmc sama5d3-clk-pll sama5d3-pmc sama5d3-sckc sama5d4-clk-h32mx sama5d4-pmc sama5d4-sckc',
  brcm:
    'bcm53573-ilp bcm63138-armpll cygnus-armpll cygnus-asiu-clk cygnus-audiopll cygnus-genpll cygnus-lcpll0 ' +
    'cygnus-mipipll hr2-armpll ns2-genpll-scr ns2-genpll-sw ns2-lcpll-ddr ns2-lcpll-ports nsp-armpll ' +
    'nsp-genpll nsp-lcpll0 sr-genpll3',
  calxeda: 'hb-a9bus-clock hb-a9periph-clock hb-emmc-clock hb-pll-clock',
  canaan: 'k210-clk',
  cdns: 'xtfpga-clock',
  cirrus: 'ep7209-clk',
  fsl:
    'b4420-clockgen b4860-clockgen imx1-ccm imx23-clkctrl imx25-ccm imx27-ccm imx28-clkctrl imx31-ccm ' +
    'imx35-ccm imx50-ccm imx51-ccm imx53-ccm imx6q-ccm imx6sl-ccm imx6sx-ccm imx6ul-ccm imx7d-ccm ' +
    'imx7ulp-pcc2 imx7ulp-pcc3 imx7ulp-scg1 imx7ulp-smc1 ls1012a-clockgen ls1021a-clockgen ls1028a-clockgen ' +
    'ls1043a-clockgen ls1046a-clockgen ls1088a-clockgen ls2080a-clockgen lx2160a-clockgen p2041-clockgen ' +
    'p3041-clockgen p4080-clockgen p5020-clockgen p5040-clockgen qoriq-clockgen-1.0 qoriq-clockgen-2.0 ' +
    'qoriq-core-mux-1.0 qoriq-core-mux-2.0 qoriq-core-pll-1.0 qoriq-core-pll-2.0 qoriq-platform-pll-1.0 ' +
    'qoriq-platform-pll-2.0 qoriq-sysclk-1.0 qoriq-sysclk-2.0 t1023-clockgen t1040-clockgen t2080-clockgen ' +
    't4240-clockgen vf610-ccm',
  google: 'gs101-cmu-misc gs101-cmu-top',
  hisilicon: 'hi3620-clock hi3620-mmc-clock hi6220-acpu-sctrl hi6220-pmctrl hip04-clock hix5hd2-clock',
  img: 'boston-clock pistachio-clk pistachio-clk-periph pistachio-cr-periph pistachio-cr-top',
  loongson: 'ls1b-clk ls1c-clk',
  lsi: 'nspire-classic-ahb-divider nspire-classic-clock nspire-cx-ahb-divider nspire-cx-clock',
  marvell:
    'armada-370-core-clock armada-370-corediv-clock armada-375-core-clock armada-375-corediv-clock ' +
    'armada-375-gating-clock armada-380-core-clock armada-380-corediv-clock armada-380-gating-clock ' +
    'armada-390-core-clock armada-390-gating-clock armada-xp-core-clock armada-xp-cpu-clock berlin2-clk ' +
    'berlin2q-clk dove-core-clock kirkwood-core-clock mmp2-clock mmp3-clock mv88f5181-core-clock ' +
    'mv88f5182-core-clock mv88f5281-core-clock mv88f6180-core-clock mv88f6183-core-clock ' +
    'mv98dx1135-core-clock mv98dx3236-core-clock mv98dx3236-corediv-clock mv98dx3236-cpu-clock pxa168-clock ' +
    'pxa1928-apbc pxa1928-apmu pxa1928-mpmu pxa250-core-clocks pxa270-clocks pxa300-clocks pxa910-clock',
  microchip: 'sam9x60-pmc sam9x60-sckc sam9x7-pmc sama7g5-pmc',
  moxa: 'moxart-apb-clock moxart-pll-clock',
  nextthing: 'gr8-ccu',
  nuvoton: 'npcm750-clk',
  nvidia: 'tegra114-car tegra124-car tegra132-car tegra210-car',
  nxp: 'lpc1850-ccu lpc1850-cgu lpc3220-clk lpc3220-usb-clk',
  qca: 'ar7100-pll ar7240-pll ar9130-pll ar9330-pll ar9340-pll qca9530-pll qca9550-pll qca9560-pll',
  renesas:
    'cpg-div6-clock cpg-mstp-clocks emev2-smu-clkdiv emev2-smu-gclk r8a73a4-cpg-clocks r8a7740-cpg-clocks ' +
    'r8a7778-cpg-clocks r8a7779-cpg-clocks rz-cpg-clocks sh73a0-cpg-clocks',
  rockchip:
    'px30-cru px30-pmucru rk3036-cru rk3066a-cru rk3126-cru rk3128-cru rk3188-cru rk3188a-cru rk3228-cru ' +
    'rk3288-cru rk3288w-cru rk3308-cru rk3328-cru rk3368-cru rk3399-cru rk3399-pmucru rk3568-cru ' +
    'rk3568-pmucru rk3576-cru rk3588-cru rv1108-cru',
  samsung:
    'exynos3250-cmu exynos3250-cmu-dmc exynos4210-clock exynos4212-clock exynos4412-clock ' +
    'exynos5260-clock-aud exynos5260-clock-disp exynos5260-clock-egl exynos5260-clock-fsys ' +
    'exynos5260-clock-g2d exynos5260-clock-g3d exynos5260-clock-gscl exynos5260-clock-isp ' +
    'exynos5260-clock-kfc exynos5260-clock-mfc exynos5260-clock-mif exynos5260-clock-peri ' +
    'exynos5260-clock-top exynos5410-clock exynos5433-cmu-apollo exynos5433-cmu-atlas exynos5433-cmu-cpif ' +
    'exynos5433-cmu-mif exynos5433-cmu-peric exynos5433-cmu-peris exynos5433-cmu-top exynos7-clock-aud ' +
    'exynos7-clock-ccore exynos7-clock-fsys0 exynos7-clock-fsys1 exynos7-clock-mscl exynos7-clock-peric0 ' +
    'exynos7-clock-peric1 exynos7-clock-peris exynos7-clock-top0 exynos7-clock-top1 exynos7-clock-topc ' +
    'exynos7885-cmu-peri exynos7885-cmu-top exynos850-cmu-cpucl0 exynos850-cmu-cpucl1 exynos850-cmu-peri ' +
    'exynos850-cmu-top exynosautov9-cmu-top exynosautov920-cmu-top s3c6400-clock s3c6410-clock s5p6442-clock ' +
    's5pv210-clock',
  snps: 'axs10x-arc-pll-clock hsdk-core-pll-clock',
  st:
    'clkgen-pll0 clkgen-pll0-a0 clkgen-pll0-c0 clkgen-pll1 clkgen-pll1-c0 flexgen nomadik-hclk-clock ' +
    'nomadik-pll-clock nomadik-src-clock quadfs quadfs-d0 quadfs-d2 quadfs-d3 quadfs-pll ' +
    'stih407-clkgen-a9-mux stih407-clkgen-plla9 stih418-clkgen-plla9',
  stericsson: 'u8500-clks',
  tesla: 'fsd-clock-cmu fsd-clock-imem',
  ti:
    'am3-dpll-clock am3-dpll-core-clock am3-dpll-j-type-clock am3-dpll-no-gate-clock ' +
    'am3-dpll-no-gate-j-type-clock am3-dpll-x2-clock am35xx-gate-clock am35xx-interface-clock clkctrl ' +
    'clkdm-gate-clock composite-clock composite-divider-clock composite-gate-clock composite-interface-clock ' +
    'composite-mux-clock composite-no-wait-gate-clock da850-pll0 divider-clock dm816-fapll-clock ' +
    'dra7-apll-clock dra7-atl-clock dss-gate-clock fixed-factor-clock gate-clock hsdiv-gate-clock ' +
    'keystone,main-pll-clock keystone,pll-clock keystone,pll-divider-clock keystone,pll-mux-clock ' +
    'keystone,psc-clock mux-clock omap2-apll-clock omap2-dpll-core-clock omap2430-interface-clock ' +
    'omap3-dpll-clock omap3-dpll-core-clock omap3-dpll-per-clock omap3-dpll-per-j-type-clock ' +
    'omap3-dss-interface-clock omap3-hsotgusb-interface-clock omap3-interface-clock ' +
    'omap3-no-wait-interface-clock omap3-ssi-interface-clock omap4-dpll-clock omap4-dpll-core-clock ' +
    'omap4-dpll-j-type-clock omap4-dpll-m4xen-clock omap4-dpll-x2-clock omap5-mpu-dpll-clock wait-gate-clock',
  toshiba: 'tmpv7708-pipllct',
  via: 'vt8500-device-clock vt8500-pll-clock',
  wm: 'wm8650-pll-clock wm8750-pll-clock wm8850-pll-clock',
  xlnx: 'ps7-clkc',
};
