import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import * as path from "node:path"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { defaultAppRoots } from "../../../src/diagnostics/source/appRoots.js"
import { reader } from "../../../src/diagnostics/source/stackFrames.js"

const base = realpathSync(mkdtempSync(path.join(tmpdir(), "roots-")))
afterAll(() => rmSync(base, { recursive: true }))

/** Writes files by their way from a new folder, and gives that folder. */
const folderOf = (name: string, files: Readonly<Record<string, string>>): string => {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(base, name, file)), { recursive: true })
    writeFileSync(path.join(base, name, file), text)
  }
  return path.join(base, name)
}

describe("the app's own code", () => {
  it.each([
    ["pnpm-workspace.yaml", "packages: [packages/*]"],
    ["package.json", '{"private":true,"workspaces":["packages/*"]}'],
    [".git", "gitdir: elsewhere"],
    ["package-lock.json", "{}"]
  ])("is that of the workspace around the program's entry, known by %s", (file, text) => {
    const workspace = folderOf(`workspace ${file}`, {
      [file]: text,
      "packages/server/package.json": '{"name":"server"}',
      "packages/server/main.ts": ""
    })
    const server = path.join(workspace, "packages/server")
    assert.deepStrictEqual(defaultAppRoots(server, "main.ts"), [workspace])
    assert.deepStrictEqual(defaultAppRoots("/", path.join(server, "main.ts")), [workspace])
  })

  it("is that of the package where there is no workspace, in spite of a package.json without a name", () => {
    const app = folderOf("package", { "package.json": '{"name":"app"}', "dist/package.json": "{}", "dist/main.js": "" })
    assert.deepStrictEqual(defaultAppRoots("/", path.join(app, "dist/main.js")), [app])
  })

  it("is what is below the working directory where nothing but built files is there", () => {
    const app = folderOf("bare", { "dist/main.js": "" })
    assert.deepStrictEqual(defaultAppRoots(app, "dist/main.js"), [app])
    assert.deepStrictEqual(defaultAppRoots("/", path.join(app, "dist/main.js")), [path.join(app, "dist")])
  })

  it("is that around the working directory where an installed tool runs the program", () => {
    const app = folderOf("tool", { "package.json": '{"name":"app"}', "node_modules/vitest/cli.js": "", "src/a.ts": "" })
    assert.deepStrictEqual(defaultAppRoots(app, path.join(app, "node_modules/vitest/cli.js")), [app])
    assert.deepStrictEqual(defaultAppRoots(path.join(app, "src"), undefined), [app])
  })

  it("is shown by the way to it, from a sibling of the folder that the program was started in", () => {
    const read = reader(["/ws"], "/ws/packages/server")
    const [frame] = read("Error: x\n    at connect (/ws/packages/database/index.ts:2:3)", "x")
    assert.deepStrictEqual([frame?.shown.file, frame?.shown.origin], ["../database/index.ts", "app"])
  })
})
