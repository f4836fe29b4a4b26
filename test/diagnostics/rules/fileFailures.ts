import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import { inFolder, inForm, type RuleCase, throwing } from "./RuleCase.js"

export const fileFailures: ReadonlyArray<RuleCase> = [
  throwing("command-missing", "a command that is not installed", () => execFileSync("no-such-command-here")),
  throwing("file-missing", "a file that is not there", () => fs.readFileSync("/nope/a.csv"), {
    why: "/nope/a.csv does not exist"
  }),
  throwing("file-missing", "a relative path", () => fs.readFileSync("nope/a.csv"), { hint: "working directory" }),
  throwing("file-missing", "a path with a tilde", () => fs.readFileSync("~/nope.csv"), { hint: "os.homedir()" }),
  inForm("port-privileged", "listen EACCES: permission denied 0.0.0.0:80", {
    errno: -13,
    code: "EACCES",
    syscall: "listen",
    address: "0.0.0.0",
    port: 80
  }),
  inFolder("access-denied", "a program that may not be run", (folder) => {
    fs.writeFileSync(`${folder}/run`, "#!/bin/sh\n", { mode: 0o600 })
    execFileSync(`${folder}/run`)
  }),
  inForm("node-permission-denied", "Access to this API has been restricted", {
    code: "ERR_ACCESS_DENIED",
    permission: "FileSystemRead",
    resource: "/etc/passwd"
  }),
  inFolder("operation-not-permitted", "a hard link to a folder", (folder) => {
    fs.mkdirSync(`${folder}/a`)
    fs.linkSync(`${folder}/a`, `${folder}/b`)
  }),
  inFolder("path-is-folder", "a folder read as a file", (folder) => fs.readFileSync(folder)),
  inFolder("path-through-file", "a file used as a folder", (folder) => {
    fs.writeFileSync(`${folder}/a`, "")
    fs.readFileSync(`${folder}/a/b`)
  }),
  inFolder("already-exists", "a folder made twice", (folder) => fs.mkdirSync(folder), { why: "already exists" }),
  inFolder("folder-not-empty", "a folder with a file in it", (folder) => {
    fs.writeFileSync(`${folder}/a`, "")
    fs.rmdirSync(folder)
  }),
  inForm("too-many-open-files", "EMFILE: too many open files, open '/data/a'", {
    errno: -24,
    code: "EMFILE",
    syscall: "open",
    path: "/data/a"
  }),
  throwing("disk-full", "a device that is full", () => fs.writeFileSync("/dev/full", "x"), { why: "no space is left" }),
  inForm(
    "disk-full",
    "ENOSPC: System limit for number of file watchers reached, watch '/data'",
    { errno: -28, code: "ENOSPC", syscall: "watch", path: "/data" },
    { hint: "max_user_watches" }
  ),
  inForm("file-system-read-only", "EROFS: read-only file system, open '/data/a'", {
    errno: -30,
    code: "EROFS",
    syscall: "open",
    path: "/data/a"
  }),
  inForm("file-in-use", "EBUSY: resource busy or locked, rmdir '/data'", {
    errno: -16,
    code: "EBUSY",
    syscall: "rmdir",
    path: "/data"
  }),
  inForm("cross-device-move", "EXDEV: cross-device link not permitted, rename '/tmp/a' -> '/data/a'", {
    errno: -18,
    code: "EXDEV",
    syscall: "rename",
    path: "/tmp/a",
    dest: "/data/a"
  }),
  throwing("name-too-long", "a file name of 300 characters", () => fs.readFileSync(`/${"a".repeat(300)}`)),
  inFolder("symlink-loop", "a link to itself", (folder) => {
    fs.symlinkSync(`${folder}/a`, `${folder}/a`)
    fs.readFileSync(`${folder}/a`)
  }),
  inFolder("closed-descriptor", "a file closed twice", (folder) => {
    const file = fs.openSync(`${folder}/a`, "w")
    fs.closeSync(file)
    fs.closeSync(file)
  })
]
