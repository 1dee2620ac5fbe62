import { asFleetError, UnexpectedAnswer, type FleetError } from '../describe/errors';
import type { AnyOperation } from '../describe/operation';
import type { Connection } from '../describe/connection';
import type { Host } from '../describe/host';
import { isReadable, SEE_RAW } from '../describe/read';
import { Reading } from '../describe/reading';
import type { Row } from '../describe/records';
import { AHEAD_SECONDS } from '../describe/time';
import { cut } from '../describe/words';
import { inBlocks } from './blocks';

/** Simplifies the rows of one run. A row that cannot be read does not cost the others: it is reported at the end. */
export class Simplifier {
	private readable = 0;
	private unreadable = 0;
	private first: FleetError | undefined;
	private ahead = 0;
	/** ISO texts are in the order of their times. */
	private readonly future: string;
	private readonly reading: Reading;

	constructor(
		private readonly operation: AnyOperation,
		private readonly connection: Connection,
		private readonly host: Pick<Host, 'now' | 'idle' | 'sleep'>,
	) {
		this.future = new Date(host.now() + AHEAD_SECONDS * 1000).toISOString();
		this.reading = new Reading(() => host.now());
	}

	/**
	 * However long the rows take, they do not keep the program from its other work.
	 * @param most records that are wanted: what comes after them is not read
	 */
	async records(rows: readonly Row[], params: Record<string, unknown>, most = Infinity): Promise<object[]> {
		const records: object[] = [];
		if (most > 0) await this.each(rows, params, (record) => records.push(record) < most);
		return records;
	}

	/**
	 * The same, one by one.
	 * @param take returns false where no more are wanted
	 */
	async each(
		rows: readonly Row[],
		params: Record<string, unknown>,
		take: (record: object) => boolean,
	): Promise<void> {
		await inBlocks(rows, this.host, (block) => this.reading.of(() => this.read(block, params, take)));
	}

	/** @returns false where no more are wanted */
	private read(rows: readonly Row[], params: Record<string, unknown>, take: (record: object) => boolean): boolean {
		for (const row of rows) {
			// Only the first is reported: an error for each of hundreds of thousands would take seconds.
			if (this.first !== undefined && !isReadable(row)) {
				this.unreadable += 1;
				continue;
			}
			const record = this.recordOf(row, params);
			if (record === undefined) continue;
			this.readable += 1;
			if (!take(record)) return false;
		}
		return true;
	}

	private recordOf(row: Row, params: Record<string, unknown>): object | undefined {
		try {
			const record = this.operation.record(row, params, this.connection);
			const { time } = record as { time?: unknown };
			if (typeof time === 'string' && time > this.future) this.ahead += 1;
			return record;
		} catch (thrown) {
			this.unreadable += 1;
			this.first ??= asFleetError(thrown);
			return undefined;
		}
	}

	/** @throws FleetError if records came, and none of them can be read */
	mustHaveRead(): void {
		const { first, readable, unreadable } = this;
		if (first === undefined || readable > 0) return;
		if (unreadable === 1) throw first;
		throw new UnexpectedAnswer(
			`None of the ${String(unreadable)} records that came can be read. The first: ${first.message}`,
			{ cause: first, advice: SEE_RAW },
		);
	}

	/**
	 * What to report of the records: those that were left out or cannot be right, and values that are null as they
	 * could not be read.
	 */
	get warnings(): string[] {
		return [this.leftOut, this.datedAhead, this.reading.warning].filter((sentence) => sentence !== undefined);
	}

	private get datedAhead(): string | undefined {
		const { ahead } = this;
		if (ahead === 0) return undefined;
		return `${String(ahead)} ${ahead === 1 ? 'record is' : 'records are'} dated in the future. Check the clocks of the device and of this machine, and the time zone in the account if it has one.`;
	}

	private get leftOut(): string | undefined {
		const { first, readable, unreadable } = this;
		if (first === undefined || readable === 0) return undefined;
		const one = unreadable === 1;
		return `${String(unreadable)} of ${String(readable + unreadable)} records could not be read and ${one ? 'was' : 'were'} left out. ${one ? '' : 'The first: '}${cut(first.message, 200)} Output = Raw gives ${one ? 'it as it' : 'them as they'} came.`;
	}
}
