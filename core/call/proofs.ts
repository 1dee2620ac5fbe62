/**
 * One request at a time shows whether a login is right. The others wait, and the one that has waited longest is next:
 * if all of them were woken each time, thousands would cost time by their square.
 */
export class Proofs {
	private current: object | undefined;
	private readonly waiting = new Set<() => void>();

	get underWay(): boolean {
		return this.current !== undefined;
	}

	/** Gives what ends it; it says whether the login is accepted, and nobody has to wait any more. */
	begin(): (accepted: boolean) => void {
		const proof = {};
		this.current = proof;
		return (accepted) => {
			if (this.current !== proof) return;
			this.current = undefined;
			this.wake(accepted);
		};
	}

	/**
	 * Waits for the next one.
	 * @param within waits for its argument, or gives up
	 */
	async wait(within: (next: Promise<void>) => Promise<void>): Promise<void> {
		let wake!: () => void;
		const next = new Promise<void>((resolve) => (wake = resolve));
		this.waiting.add(wake);
		let came = false;
		try {
			await within(next);
			came = true;
		} finally {
			// One that was woken and goes away lets the next one have it.
			if (!this.waiting.delete(wake) && !came && !this.underWay) this.wake(false);
		}
	}

	wake(all: boolean): void {
		for (const wake of this.waiting) {
			this.waiting.delete(wake);
			wake();
			if (!all) return;
		}
	}
}
