import { openSync } from "node:fs"
import { type RuleCase, throwing } from "./RuleCase.js"

/** A line of JavaScript, as the engine itself sees it. */
const running = (rule: string, line: string, more: Pick<RuleCase, "hint" | "why"> = {}): RuleCase =>
  throwing(rule, line, () => new Function(line)(), more)

export const engineFailures: ReadonlyArray<RuleCase> = [
  running("property-of-nothing", "const user = {}; return user.address.street"),
  running("property-of-nothing", "const user = {}; user.address.street = 1"),
  running("property-of-nothing", "const { street } = undefined"),
  running("property-of-nothing", "return Object.keys(null)"),
  running("not-a-function", "const user = {}; user.save()"),
  running("not-a-constructor", "const User = () => {}; new User()"),
  running("not-iterable", "const user = {}; for (const x of user) x"),
  running("not-iterable", "Math.max(...5)"),
  running(
    "commonjs-in-esm",
    "throw new ReferenceError('require is not defined in ES module scope, you can use import instead')",
    {
      why: "require is a name of CommonJS"
    }
  ),
  running("not-defined", "return missing + 1"),
  running("used-before-declared", "x; let x"),
  running("const-assigned", "const count = 1; count += 1"),
  running("frozen-object", "'use strict'; Object.freeze({ a: 1 }).a = 2"),
  running("frozen-object", "'use strict'; Object.freeze([]).push(1)"),
  running("reduce-of-empty", "return [].reduce((a, b) => a)"),
  running("json-circular", "const a = {}; a.a = a; JSON.stringify(a)"),
  running("bigint-json", "JSON.stringify({ a: 1n })"),
  running("bigint-mixed", "return 1n + 1"),
  running("bigint-conversion", "BigInt('a')"),
  running("bigint-conversion", "BigInt(1.5)"),
  running("instanceof-of-nothing", "return 1 instanceof undefined"),
  running("in-of-primitive", "return 'a' in 'b'"),
  running("stack-overflow", "const walk = (n) => walk(n + 1) + 1; walk(1)"),
  running("invalid-date", "new Date('x').toISOString()"),
  running("array-length", "new Array(-1)"),
  running("memory-request", "return 'x'.repeat(2 ** 30)", { why: "a text was to become longer than a text can be" }),
  running("digits-out-of-range", "return (1).toFixed(101)"),
  running("repeat-count", "return 'x'.repeat(-1)"),
  running("json-invalid", "JSON.parse('{\"a\":1,}')"),
  running("json-invalid", "JSON.parse('')", { hint: "It ends too early" }),
  running("json-invalid", "JSON.parse('<!DOCTYPE html>')", { hint: "It begins like HTML" }),
  running("json-invalid", "JSON.parse(undefined)", { hint: "a missing value was turned into text" }),
  running("invalid-regexp", "new RegExp('(')"),
  running("invalid-uri", "decodeURIComponent('%')", { why: "a text has a stray %, so it cannot be decoded as a URI" }),
  throwing("clone-failed", "a function to be cloned", () => structuredClone({ run: () => 1 }), {
    why: "cannot be cloned or sent to another thread"
  }),
  throwing("argument-type", "a file without a path", () => openSync(undefined as unknown as string, "r"), {
    hint: "It is undefined"
  }),
  throwing("argument-range", "a buffer that is too large", () => Buffer.alloc(2 ** 53))
]
