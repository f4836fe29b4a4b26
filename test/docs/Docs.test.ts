import * as Command from "@effect/platform/Command"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { root } from "./ChildProgram.js"
import * as DocPage from "./DocPage.js"
import * as Workspace from "./Workspace.js"

const timeout = 300_000

layer(NodeContext.layer)("documentation", (it) => {
  it.scoped(
    "every code block of README, docs and doc comments compiles",
    () =>
      Effect.gen(function* () {
        const sources = [...(yield* DocPage.pages), ...(yield* DocPage.commentExamples)]
        const workspace = yield* Workspace.make(sources)
        assert.isAbove(sources.flatMap(({ code }) => code).length, 20)
        // One checker: each of several would make the same types of packages for itself, while other tests wait for the core.
        const complaints = yield* Command.make(`${root}node_modules/.bin/tsc`, "-p", workspace, "--checkers", "1").pipe(
          Command.workingDirectory(root),
          Command.lines
        )
        // `npm run typecheck` is for the sources themselves.
        assert.deepStrictEqual(
          complaints.filter((line) => line.startsWith(".narrative/")),
          []
        )
      }),
    timeout
  )

  it.effect("no page names a path of the machine it was written on", () =>
    Effect.gen(function* () {
      for (const page of yield* DocPage.pages) {
        assert.notInclude(page.text, root)
        assert.notMatch(page.text, /(?:^|[\s"'(`])\/(?:home|root|Users|tmp|work)\//m, page.path)
      }
    })
  )

  it.effect("dependencies.md has each dependency, and nothing else", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const page = yield* fs.readFileString(`${root}docs/dependencies.md`)
      const manifest = JSON.parse(yield* fs.readFileString(`${root}package.json`))
      const { dependencies, devDependencies, peerDependencies } = manifest
      const listed = Array.from(page.matchAll(/^\| (`.*?`) \|/gm), ([, cell = ""]) =>
        cell.replaceAll("`", "").split(", ")
      )
      assert.sameMembers(listed.flat(), Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies }))
    })
  )

  it.effect("every relative link leads to a file, and to a heading of it", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      for (const page of yield* DocPage.pages) {
        for (const [, target = "", anchor] of page.text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)) {
          const file = target === "" ? page.path : path.join(path.dirname(page.path), target)
          assert.isTrue(yield* fs.exists(root + file), `${page.path} links to ${target}`)
          if (anchor === undefined) continue
          const headings = Array.from(
            (yield* fs.readFileString(root + file)).matchAll(/^#+ (.*)$/gm),
            ([, text = ""]) => anchorOf(text)
          )
          assert.include(headings, anchor, `${page.path} links to ${target}#${anchor}`)
        }
      }
    })
  )
})

/** A heading's anchor, as GitHub makes it. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-")
