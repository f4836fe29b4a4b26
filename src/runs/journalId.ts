/**
 * The name of a journal, by which a server knows it that has those of many machines: a text in a file beside it.
 */
import { randomBytes } from "node:crypto"
import { linkSync, readFileSync, unlinkSync, writeFileSync } from "node:fs"
import { hostname } from "node:os"
import { join } from "node:path"
import * as folders from "../file/folders.js"
import { attempt } from "../plain/untrusted.js"

const fileName = ".journal-id"

/** That of a folder, which is made if it is not there. Where nothing can be written, it is called by its place. */
export const journalId = (folder: string): string => {
  const path = join(folder, fileName)
  const read = () => attempt(() => readFileSync(path, "utf8").trim(), "")
  const known = read()
  if (known !== "") return known
  attempt(() => write(folder, path), undefined)
  const made = read()
  return made === "" ? `${hostname()}:${folder}` : made
}

/** Whole at once, and by one of the processes that try. */
const write = (folder: string, path: string): void => {
  folders.makeNow(folder)
  const id = randomBytes(12).toString("hex")
  const draft = `${path}.${id}`
  writeFileSync(draft, `${id}\n`)
  try {
    linkSync(draft, path)
  } finally {
    unlinkSync(draft)
  }
}
