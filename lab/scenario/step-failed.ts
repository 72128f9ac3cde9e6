// A step that cannot be taken ends the run.

/** The scenario asks for something that is not there when it asks. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed';
}
