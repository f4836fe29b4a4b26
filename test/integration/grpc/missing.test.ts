import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { assert, it } from "@effect/vitest"

const program = `
  import Module from "node:module"
  const resolve = Module._resolveFilename
  Module._resolveFilename = (name, ...rest) => {
    if (name === "@grpc/grpc-js") throw Object.assign(new Error("Cannot find module"), { code: "MODULE_NOT_FOUND" })
    return resolve(name, ...rest)
  }
  import("./src/integration/grpc/index.ts").catch((error) => console.log(error.message))
`

it("Without @grpc/grpc-js, importing its door says in one line what to install", { timeout: 60_000 }, async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--import", "tsx", "--input-type=module", "-e", program],
    {
      cwd: fileURLToPath(new URL("../../..", import.meta.url))
    }
  )
  assert.strictEqual(stdout, "effect-narrative/grpc needs @grpc/grpc-js: npm install @grpc/grpc-js\n")
})
