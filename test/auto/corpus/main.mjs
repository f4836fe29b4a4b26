#!/usr/bin/env node

import { readFile } from "node:fs/promises"
// Everything that a module can do which must stay as it is: what this prints is compared with and without the hook.
import { createRequire } from "node:module"
import Default, * as classes from "./classes.mjs"
import { first } from "./cycleA.mjs"
import data from "./data.json" with { type: "json" }
import fallback, { counter, increment } from "./live.mjs"
import * as odd from "./odd.mjs"

const require = createRequire(import.meta.url)
const common = require("./common.cjs")
const lines = []
const say = (...values) => lines.push(values.map(String).join(" "))

say(Object.keys(odd).join(), odd.named.name, odd.named.length, odd.named.toString())
say(`${odd.named}` === odd.sourceOfNamed, odd.generator.constructor.name, odd.later.constructor.name)
say(new odd.Child(3).double(), new odd.Child(3) instanceof odd.Parent, odd.Child.name, odd.Child.length)
say(new odd.Legacy(2).value, new odd.Legacy(2) instanceof odd.Legacy, Reflect.ownKeys(odd.Legacy.prototype).length)
say([...odd.generator()].join(), await odd.later(4), odd.named.call({ by: 3 }, 2))
say(first(), fallback(), increment(), counter, data.name)
say(common.add(1, 2), common.self() === common, Object.isFrozen(common), require("./common.cjs") === common)
say(
  classes.used.join(),
  classes.Mixed.made,
  Object.isFrozen(classes.Frozen.prototype),
  new Default().who(),
  Default.name
)
say(classes.reassigned(), classes.reassign(), classes.reassigned(), Object.keys(classes).join())
say(Reflect.ownKeys(classes.Mixed.prototype).join(), new classes.Mixed().letters().next().value, classes.Mixed.length)
try {
  odd.fails()
} catch (error) {
  say(
    error === odd.thrown,
    error.stack
      .split("\n")[1]
      .replace(/.*corpus/, "corpus")
      .replace(/\)$/, "")
  )
}
const bytes = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)
say((await WebAssembly.instantiate(bytes)).instance instanceof WebAssembly.Instance)
say((await readFile(new URL("./data.json", import.meta.url), "utf8")).length, typeof odd.topLevel, odd.topLevel)
process.stdout.write(`${lines.join("\n")}\n`)
