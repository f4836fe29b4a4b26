// Types are left out by whatever loads this: tsx, or Node itself.
import common from "./typed.cts"
import { sum, Till } from "./typed.mts"

console.log(sum({ cents: 1 }, { cents: 2 }), new Till().add({ cents: 5 }).total(), common.half(4), sum.name, sum.length)
