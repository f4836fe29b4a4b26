/** What is too much or too little: alerts fire there, and panels show the line. */
export const limits = {
  /** One story in 20 may take longer. */
  storySeconds: 1200,
  /** Of the stories of a name that ended. */
  storyFailures: 0.1,
  /** Of the calls of a model. */
  callErrors: 0.05,
  /** One call in 20 may take longer. */
  callSeconds: 20,
  /** One analysis in 20 may come later. */
  analysisSeconds: 60,
  dollarsAnHour: 10,
  /** The average of an hour. */
  score: 0.85
} as const
