/** Cases that are measured in a process of their own. */
import { fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"

interface Start {
  readonly flags?: ReadonlyArray<string>
  readonly args?: ReadonlyArray<string>
}

const start = (program: string, { args = [], flags = [] }: Start) => {
  const child = fork(fileURLToPath(new URL(program, import.meta.url)), args, {
    execArgv: ["--import", "tsx", ...flags]
  })
  // It ends with its parent: between two runs neither it nor the channel keeps this process alive.
  child.unref()
  child.channel?.unref()
  return child
}

/** Has a program of this folder do so many steps each time, and tells what it answers. */
export const inProcess = (program: string, how: Start, steps: number, onAnswer: (answer: number) => void) => {
  let child: ReturnType<typeof start> | undefined
  return async (): Promise<void> => {
    child ??= start(program, how)
    child.channel?.ref()
    child.send(steps)
    const [answer] = await once(child, "message")
    child.channel?.unref()
    onAnswer(Number(answer))
  }
}
