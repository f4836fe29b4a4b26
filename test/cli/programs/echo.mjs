// Gives back what it is given: arguments, whether it has terminals, and its input byte for byte.
process.stderr.write(`${JSON.stringify([process.argv.slice(2), process.stdin.isTTY === true])}\n`)
process.stdin.pipe(process.stdout)
process.stdin.on("end", () => {
  process.exitCode = 7
})
