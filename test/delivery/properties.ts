import fc from 'fast-check';
import type { Engine } from './engine';
import { queueCase, runQueue } from './queue';
import { runStream, streamCase, type Twist } from './stream';
import { runSnapshot, snapshotCase } from './snapshot';

/** A promise as a property: `check` runs it with cases drawn from a seed. */
export interface Property {
	/** Part of all runs that it gets. */
	share: number;
	check: (
		engine: Engine,
		options: { runs: number; seed: number; twist?: Twist; shrinks?: boolean },
	) => Promise<fc.RunDetails<[unknown]>>;
}

function property<T>(
	cases: fc.Arbitrary<T>,
	run: (engine: Engine, testCase: T, twist?: Twist) => Promise<void>,
	share: number,
): Property {
	return {
		share,
		check: (engine, { runs, seed, twist, shrinks = true }) =>
			fc.check(
				fc.asyncProperty(cases, (testCase) => run(engine, testCase, twist)),
				{ numRuns: runs, seed, endOnFailure: !shrinks },
			) as Promise<fc.RunDetails<[unknown]>>,
	};
}

export const PROPERTIES = {
	stream: property(streamCase, runStream, 0.4),
	snapshot: property(snapshotCase, runSnapshot, 0.3),
	queue: property(queueCase, runQueue, 0.3),
} satisfies Record<string, Property>;

/** Retries wait for a random time: with a set one, a case runs the same each time. */
export function withoutChance(): () => void {
	const { random } = Math;
	Math.random = () => 0.5;
	return () => {
		Math.random = random;
	};
}

/** What to report when a property fails. */
export function failureOf(
	name: string,
	{ seed, counterexamplePath, counterexample, errorInstance, numRuns }: fc.RunDetails<[unknown]>,
): string {
	const words = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
	return `${name} fails in run ${String(numRuns)}: ${words}\nseed ${String(seed)}, path ${String(counterexamplePath)}, shrunk to\n${JSON.stringify(counterexample?.[0])}`;
}
