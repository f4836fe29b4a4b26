/**
 * The repository that a program runs in, as `git` says.
 */
import { execFile } from "node:child_process"
import * as Effect from "effect/Effect"
import type { Changes } from "./runColumns.js"

/** How long `git` may take, in milliseconds. */
const timeout = 5_000

/**
 * The repository, branch and commit of a folder. Where there is no `git`, no repository, or no answer within 5 seconds, there
 * is nothing to say.
 */
export const lookUp = (folder: string): Effect.Effect<Changes> =>
  Effect.gen(function* () {
    const [remote, branch, commit] = yield* Effect.all(
      [
        ask(folder, "config", "--get", "remote.origin.url"),
        ask(folder, "symbolic-ref", "--short", "-q", "HEAD"),
        ask(folder, "rev-parse", "--verify", "-q", "HEAD")
      ],
      { concurrency: "unbounded" }
    )
    const repository = remote === undefined ? undefined : withoutCredentials(remote)
    return {
      ...(repository === undefined ? {} : { git_repo: repository }),
      ...(branch === undefined ? {} : { git_branch: branch }),
      ...(commit === undefined ? {} : { git_commit_hash: commit }),
      ...(repository === undefined || branch === undefined ? {} : { git_run_tag: `${repository}/${branch}` })
    }
  })

const ask = (folder: string, ...args: ReadonlyArray<string>): Effect.Effect<string | undefined> =>
  Effect.async((resume, signal) => {
    // Not a prompt, nor a lock on the index: only what is known already.
    const env = { ...process.env, GIT_TERMINAL_PROMPT: "0", GIT_OPTIONAL_LOCKS: "0" }
    execFile(
      "git",
      args,
      { cwd: folder, timeout, signal, env, windowsHide: true, maxBuffer: 65_536 },
      (error, stdout) => {
        const answer = error === null ? stdout.trim() : ""
        resume(Effect.succeed(answer === "" ? undefined : answer))
      }
    )
  })

const withoutCredentials = (remote: string): string => remote.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, "$1")

/** The page of a repository, for the hosts whose pages are known. */
export const repositoryUrl = (repository: string | null | undefined): string | null => pageOf(repository)?.url ?? null

/** The page of a commit. */
export const commitUrl = (repository: string | null | undefined, hash: string | null | undefined): string | null => {
  const page = pageOf(repository)
  return page === undefined || hash === null || hash === undefined ? null : `${page.url}${page.commits}${hash}`
}

const hosts: ReadonlyArray<readonly [RegExp, string]> = [
  [/(^|\.)github\./, "/commit/"],
  [/(^|\.)gitlab\./, "/-/commit/"],
  [/(^|\.)bitbucket\./, "/commits/"]
]

const pageOf = (repository: string | null | undefined) => {
  const found = /^(?:(?:https?|ssh|git):\/\/)?(?:[^@/]*@)?([^/:]+)(?::\d+)?[/:](.+?)(?:\.git)?\/?$/.exec(
    repository ?? ""
  )
  const [, host = "", path = ""] = found ?? []
  const commits = hosts.find(([name]) => name.test(host.toLowerCase()))?.[1]
  return commits === undefined ? undefined : { url: `https://${host}/${path}`, commits }
}
