/**
 * Bundles the `narrative` command into `dist/cli`, so that it starts without looking for hundreds of files, and needs no
 * package of its own in its user's project.
 *
 *     npm run build
 *
 * Names and lines stay as they are, for whoever reads a stack trace: the text is twice as long for that, the start a few
 * milliseconds.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { isBuiltin } from "node:module"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { build, type Metafile } from "esbuild"

const root = fileURLToPath(new URL("../..", import.meta.url))
const outdir = join(root, "dist/cli")

const manifestIn = (folder: string) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))

/** A name that no source has. */
const unique = "createRequireOfBundle"

const bundle = async (): Promise<Metafile> => {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ["src/cli/main.ts"],
    outdir,
    alias: {
      "better-sqlite3": "./src/cli/betterSqlite3.ts",
      "pg-native": "./src/cli/pgNative.ts",
      bufferutil: "./src/cli/wsNative.ts",
      "utf-8-validate": "./src/cli/wsNative.ts"
    },
    // The client of PostgreSQL is of CommonJS, and asks for modules of Node as that does.
    banner: {
      js: `import { createRequire as ${unique} } from "node:module"; const require = ${unique}(import.meta.url);`
    },
    bundle: true,
    charset: "utf8",
    format: "esm",
    platform: "node",
    splitting: true,
    target: manifestIn(root).engines.node.replace(/^>=/, "node"),
    logLevel: "warning",
    metafile: true
  })
  return metafile
}

/** What would be looked for when the command runs. */
const lookedFor = ({ outputs }: Metafile): ReadonlyArray<string> =>
  Object.values(outputs)
    .flatMap(({ imports }) => imports)
    .filter(
      ({ external, kind, path }) =>
        external && !(isBuiltin(path) && /^(import-statement|dynamic-import|require-call)$/.test(kind))
    )
    .map(({ path }) => path)

/** The folders of the packages that something was taken from. */
const packagesIn = ({ outputs }: Metafile): ReadonlyArray<string> => {
  const taken = Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : []))
  )
  const folders = taken.flatMap((path) => /^.*\bnode_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [])
  return Array.from(new Set(folders), (path) => join(root, path))
}

const licenceOf = (folder: string): string => {
  const [file] = readdirSync(folder).filter((name) => /^licen[cs]e(\.(md|txt))?$/i.test(name))
  if (file !== undefined) return readFileSync(join(folder, file), "utf8").trim()
  // Some have it at the end of their page only.
  const [page = ""] = readdirSync(folder).filter((name) => /^readme\.md$/i.test(name))
  const section =
    page === "" ? null : /^#+ *licen[cs]e\b.*\n([\s\S]+)$/im.exec(readFileSync(join(folder, page), "utf8"))
  if (section?.[1] === undefined) throw new Error(`${folder} has no licence to pass on`)
  return section[1].trim()
}

/** Each text once, below the packages that it is for. */
const licences = (folders: ReadonlyArray<string>): string => {
  const packagesOf = new Map<string, Array<string>>()
  for (const folder of folders) {
    const { license, name, version } = manifestIn(folder)
    const text = licenceOf(folder)
    packagesOf.set(text, [...(packagesOf.get(text) ?? []), `${name} ${version} (${license})`])
  }
  const sections = Array.from(packagesOf, ([text, packages]) => `${packages.sort().join("\n")}\n\n${text}\n`)
  return ["The narrative command holds parts of these packages.\n", ...sections.sort()].join(`\n${"-".repeat(80)}\n\n`)
}

const metafile = await bundle()
const missing = lookedFor(metafile)
if (missing.length > 0) throw new Error(`the bundle would ask for ${missing.join(", ")}`)
writeFileSync(join(outdir, "THIRD-PARTY-LICENSES.txt"), licences(packagesIn(metafile)))
