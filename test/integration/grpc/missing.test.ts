import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { compiledFolder } from "../../fixtures/compiled.js"

const program = `
  import Module from "node:module"
  const resolve = Module._resolveFilename
  Module._resolveFilename = (name, ...rest) => {
    if (name === "@grpc/grpc-js") throw Object.assign(new Error("Cannot find module"), { code: "MODULE_NOT_FOUND" })
    return resolve(name, ...rest)
  }
  import("effect-narrative/grpc").catch((error) => console.log(error.message))
`

it("Without @grpc/grpc-js, importing its door says in one line what to install", { timeout: 110_000 }, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program], {
    cwd: await Effect.runPromise(compiledFolder)
  })
  assert.strictEqual(stdout, "effect-narrative/grpc needs @grpc/grpc-js: npm install @grpc/grpc-js\n")
})
