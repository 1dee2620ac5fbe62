import { flag, type Fields } from '../describe/field';
import type { AnyOperation } from '../describe/operation';
import { CleanTrack } from './clean-track';

const cleanTrack = flag({
	title: 'Clean Track',
	description:
		'Whether to leave out fixes without place or time, from the future, doubled or out of order, or where no vehicle can have been. A warning counts them. Output: Raw has them all.',
	initial: false,
});

/** A history, with the option to leave out what cannot be right. */
const withCleanTrack = (operation: AnyOperation): AnyOperation => ({
	...operation,
	params: { ...(operation.params as Fields), cleanTrack },
	compute: {
		options: ['cleanTrack'],
		begin: (params, now, emit) => (params.cleanTrack === true ? new CleanTrack(now, emit) : undefined),
	},
});

const isHistory = ({ kind, effect, list }: AnyOperation) =>
	effect === 'read' && list && (kind === 'fix' || kind === 'trackPoint');

/** A vendor's operations, with what is computed from its records. */
export function withReports(operations: readonly AnyOperation[]): AnyOperation[] {
	return operations.map((operation) => (isHistory(operation) ? withCleanTrack(operation) : operation));
}
