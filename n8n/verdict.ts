import type { IPollFunctions, ITriggerFunctions } from 'n8n-workflow';

/**
 * n8n rejects what waits for the end of an execution if it cannot make it, and also if one that it made is stopped,
 * runs out of time, ends with n8n, or has ended already.
 */
function wasMade(error: unknown): boolean {
	const { reason, message } = (error ?? {}) as { reason?: unknown; message?: unknown };
	return ['manual', 'timeout', 'shutdown'].includes(String(reason)) || message === 'No active execution found';
}

/** @param verdict n8n settles it when an execution has ended, or cannot be made: then `refused` is called */
export function whenRefused(
	context: IPollFunctions | ITriggerFunctions,
	verdict: Promise<unknown>,
	refused: () => void,
): void {
	verdict.catch((error: unknown) => {
		if (wasMade(error)) return;
		context.logger.warn(
			`${context.getNode().name}: n8n could not start an execution, so its events are sent again with the next poll.`,
		);
		refused();
	});
}
