import { NodeApiError, NodeOperationError, type IDataObject, type INode } from 'n8n-workflow';
import { LONGEST_PAUSE_MS } from '../core/call/limiter';
import { asFleetError, FleetError, InvalidParams, type FailedDevice } from '../core/describe/errors';

/**
 * What the core throws, as n8n shows it. Only words go in: the error that it was made of is left out, because n8n
 * stores what it finds there with the execution.
 */
export function nodeErrorOf(
	thrown: unknown,
	node: INode,
	{ itemIndex, addition = '', asTool = false }: { itemIndex?: number; addition?: string; asTool?: boolean } = {},
): Error {
	// n8n's own errors, such as that of an expression, say best themselves what is wrong.
	if (!(thrown instanceof FleetError) && isOfN8n(thrown)) return thrown;
	const error = asFleetError(thrown);
	const goOn =
		error.failedDevices.length === 0
			? ''
			: 'To get the records of the other devices, switch on Skip Failed Devices in the options, or set On Error to continue.';
	const description = [error.advice, goOn, addition].filter((part) => part !== '').join(' ');
	// Agents get the message alone.
	const message = asTool && description !== '' ? `${error.message} ${description}` : error.message;
	const shown = error.beforeVendor
		? new NodeOperationError(node, message, { description, itemIndex })
		: new NodeApiError(
				node,
				{ message },
				{
					message,
					description,
					itemIndex,
					// Pickers write it before the message: "200 - ..." would say that all is well.
					httpCode: (error.status ?? 0) < 400 ? undefined : String(error.status),
					...(error.tooOften
						? {
								failure: {
									cause: 'rate-limited',
									retryAfterMs:
										error.retryAfterMs === undefined
											? undefined
											: Math.min(error.retryAfterMs, LONGEST_PAUSE_MS),
								},
							}
						: {}),
				},
			);
	// n8n replaces messages in which it finds the name of a socket error.
	shown.message = message;
	shown.context.data = detailsOf(error);
	return shown;
}

/**
 * An item for a node that goes on in spite of errors. n8n sends it to the error output only if it has no other keys.
 */
export function errorItemOf(thrown: unknown): { error: string; details: IDataObject } {
	const error =
		thrown instanceof FleetError || !(thrown instanceof Error) || !isOfN8n(thrown)
			? asFleetError(thrown)
			: undefined;
	if (error === undefined) return { error: (thrown as Error).message, details: { code: 'Expression' } };
	return { error: error.sentence, details: detailsOf(error) };
}

/** The same for a run that may have failed for some devices only: an item for each of those. */
export function errorItemsOf(error: FleetError): { error: string; details: IDataObject }[] {
	if (error.failedDevices.length === 0) return [errorItemOf(error)];
	return error.failedDevices.map((device) => ({
		error: `${device.deviceId}: ${wordsOf(device)}`,
		details: { ...detailsOf(device.error), deviceId: device.deviceId, deviceName: device.deviceName },
	}));
}

/** Failed devices as items like others, where the user wants them skipped. */
export const failedItemsOf = ({ failedDevices }: FleetError): IDataObject[] =>
	failedDevices.map((device) => ({
		deviceId: device.deviceId,
		deviceName: device.deviceName,
		error: wordsOf(device),
	}));

const wordsOf = ({ asked, error }: FailedDevice) => `${asked ? '' : 'It was not read. '}${error.sentence}`;

function detailsOf(error: FleetError): IDataObject {
	const { code, vendorCode, vendorMessage, status, retryable } = error;
	return {
		code,
		...(vendorCode === undefined ? {} : { vendorCode }),
		...(vendorMessage === undefined ? {} : { vendorMessage }),
		...(status === undefined ? {} : { status }),
		retryable,
	};
}

/** What went wrong, where the words of n8n's own errors are the best there are. */
export function problemOf(thrown: unknown): FleetError {
	return !(thrown instanceof FleetError) && isOfN8n(thrown)
		? new InvalidParams(thrown.message)
		: asFleetError(thrown);
}

function isOfN8n(thrown: unknown): thrown is Error {
	return thrown instanceof Error && 'context' in thrown && 'functionality' in thrown;
}
