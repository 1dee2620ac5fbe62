import type { FleetError } from '../../core/describe/errors';

/** A device that a request got nothing from, as messages have it. */
interface FailedDevice {
	deviceId: string;
	deviceName: string | null;
	error: string;
}

/** Devices of a request of which some have failed; undefined: that is not so. */
export function failedDevicesOf({ failedDevices }: FleetError): FailedDevice[] | undefined {
	if (failedDevices.length === 0) return undefined;
	return failedDevices.map(({ deviceId, deviceName, asked, error }) => ({
		deviceId,
		deviceName,
		error: `${asked ? '' : 'It was not read. '}${error.sentence}`,
	}));
}

/** An error as Catch nodes get it: one text, a code to switch on, and what is known beyond as a plain object. */
export function flowError(error: FleetError): Error {
	const { code, advice, vendorCode, vendorMessage, status, retryAfterMs, retryable, effect } = error;
	const failedDevices = failedDevicesOf(error);
	const cause = { advice, vendorCode, vendorMessage, status, retryAfterMs, retryable, effect, failedDevices };
	for (const [key, value] of Object.entries(cause)) {
		if (value === undefined) Reflect.deleteProperty(cause, key);
	}
	const shown = Object.assign(new Error(error.sentence), { code, cause });
	// Catch nodes and the log get toString(), and the class's name in front of a sentence helps nobody.
	// eslint-disable-next-line no-restricted-syntax -- it was made here
	return Object.defineProperty(shown, 'toString', { value: () => shown.message });
}
