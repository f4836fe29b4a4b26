/**
 * What native helpers of the package `ws` are within the bundle of the command: absent, so that it goes on without them.
 */
throw new Error("The command goes without native helpers of ws")
