import { checkBlob, type Outcome } from './check-blob.ts';

/** Runs in a process of its own, one for each processor: takes a file, answers with its outcome, and ends at an empty name. */
process.on('message', (file: string) => {
  if (file === '') process.disconnect();
  else process.send?.(outcomeOf(file));
});

function outcomeOf(file: string): Outcome {
  try {
    return checkBlob(file);
  } catch (error) {
    const problems = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
    return { file, nodes: 0, properties: 0, askedOfFdtget: 0, unknownToFdtget: 0, problems };
  }
}
