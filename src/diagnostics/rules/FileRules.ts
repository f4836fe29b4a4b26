/**
 * What goes wrong with files and folders.
 */
import type { Clues, Rule } from "./Rule.js"

const path = ["code", "syscall", "path", "dest"]

const isSpawn = ({ text }: Clues): boolean => text("syscall")?.startsWith("spawn") === true

const isSocket = ({ text }: Clues): boolean => ["listen", "bind", "connect"].includes(text("syscall") ?? "")

export const fileRules: ReadonlyArray<Rule> = [
  {
    id: "command-missing",
    when: "A command that was to be run is not there.",
    match: { codes: ["ENOENT"] },
    fits: isSpawn,
    hint: "Install the command, or give its full path; a folder given as `cwd` that does not exist is reported the same way.",
    evidence: ["code", "syscall", "path"]
  },
  {
    id: "file-missing",
    when: "A file or folder does not exist.",
    match: { codes: ["ENOENT"] },
    hint: "Create it before it is used, or correct the path.",
    detail: ({ text }) => {
      const name = text("path")
      if (name === undefined) return undefined
      if (/^~[\\/]/.test(name)) return "Node does not expand `~`: use `os.homedir()`."
      return /^(?:[\\/]|[A-Za-z]:)/.test(name)
        ? undefined
        : "A relative path is looked for in the working directory of the process, not beside the source file."
    },
    evidence: path
  },
  {
    id: "port-privileged",
    when: "The process may not listen on that port.",
    match: { codes: ["EACCES"] },
    fits: isSocket,
    hint: "Listen on a port from 1024 up, or give the process the right to bind a privileged port.",
    evidence: ["code", "syscall", "address", "port"]
  },
  {
    id: "access-denied",
    when: "The process may not read, write or enter a file or folder.",
    match: { codes: ["EACCES"] },
    hint: "Give the user this process runs as the right to it, or use a place that is its own. Every folder on the way must be open to it, too.",
    evidence: path
  },
  {
    id: "node-permission-denied",
    when: "Node's permission model denied an operation.",
    match: { codes: ["ERR_ACCESS_DENIED"] },
    hint: "Start Node with the matching `--allow-…` option, or do without the operation.",
    evidence: ["code", "permission", "resource"]
  },
  {
    id: "operation-not-permitted",
    when: "The system does not permit the operation to this process.",
    match: { codes: ["EPERM"] },
    hint: "Run it as the owner of the file, or with the capability it needs. An immutable file, a mounted volume or another program that holds it can be why.",
    evidence: path
  },
  {
    id: "path-is-folder",
    when: "There is a folder where a file was expected.",
    match: { codes: ["EISDIR"] },
    hint: "Give the path of a file in it; to read a folder, list it.",
    evidence: path
  },
  {
    id: "path-through-file",
    when: "A path goes through something that is no folder.",
    match: { codes: ["ENOTDIR"] },
    hint: "Correct the path: one of its parts is a file.",
    evidence: path
  },
  {
    id: "already-exists",
    when: "What was to be created is there already.",
    match: { codes: ["EEXIST"] },
    hint: "Use what is there, remove it first, or choose another name. A folder made with `recursive: true` may exist already.",
    evidence: path
  },
  {
    id: "folder-not-empty",
    when: "A folder that was to be removed or replaced still holds something.",
    match: { codes: ["ENOTEMPTY"] },
    hint: "Remove what it holds first, or remove it with `recursive: true`.",
    evidence: path
  },
  {
    id: "too-many-open-files",
    when: "The process, or the system, has as many files and sockets open as it may.",
    match: { codes: ["EMFILE", "ENFILE"] },
    hint: "Bound how many are opened at once (the `concurrency` of `Effect.forEach`), and close each in a scope. Raise `ulimit -n` only if so many are really needed.",
    evidence: path
  },
  {
    id: "disk-full",
    when: "There is no room left to write.",
    match: { codes: ["ENOSPC", "EDQUOT"] },
    hint: "Free room on the device, or raise its quota.",
    detail: ({ text }) =>
      text("syscall") === "watch"
        ? "For a watcher this means the limit of watches: raise `fs.inotify.max_user_watches`, or watch less."
        : undefined,
    evidence: path
  },
  {
    id: "file-system-read-only",
    when: "The file system can only be read.",
    match: { codes: ["EROFS"] },
    hint: "Write to a volume that is mounted for writing, such as a temporary folder or a mounted data folder.",
    evidence: path
  },
  {
    id: "file-in-use",
    when: "Something else is using the file.",
    match: { codes: ["EBUSY", "ETXTBSY"] },
    hint: "Close what holds it, or try again later: a mount point and a running program cannot be replaced.",
    evidence: path
  },
  {
    id: "cross-device-move",
    when: "A file cannot be renamed onto another file system.",
    match: { codes: ["EXDEV"] },
    hint: "Copy it there and remove the original, or keep the temporary file beside its target.",
    evidence: path
  },
  {
    id: "name-too-long",
    when: "A path or one of its parts is too long.",
    match: { codes: ["ENAMETOOLONG"] },
    hint: "Use a shorter name. Data that was passed in place of a path ends up here, too.",
    evidence: ["code", "syscall"]
  },
  {
    id: "symlink-loop",
    when: "Symbolic links lead in a circle.",
    match: { codes: ["ELOOP"] },
    hint: "Correct the links on the path.",
    evidence: path
  },
  {
    id: "closed-descriptor",
    when: "A file or socket was used after it was closed.",
    match: { codes: ["EBADF"] },
    hint: "Keep it open for as long as it is used: use it inside the scope that opened it, and close it once.",
    evidence: ["code", "syscall"]
  }
]
