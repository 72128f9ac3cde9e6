/** In place of an answer: the function that has made the call is no more. */
export class FunctionDied extends Error {
  override readonly name = 'FunctionDied';
}
