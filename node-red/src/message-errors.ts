import { FleetError, type ErrorPolicy } from '../../core/describe/errors';

/** More messages came than can wait, so this one has no answer. Nothing was sent for it. */
export class Dropped extends FleetError {
	readonly code = 'Dropped';
	protected defaults(): Partial<ErrorPolicy> {
		return { scope: 'call', beforeVendor: true };
	}
}

/** The node was stopped before a message had its answer. */
export class Stopped extends FleetError {
	readonly code = 'Stopped';
	protected defaults(): Partial<ErrorPolicy> {
		return { scope: 'call' };
	}
}
