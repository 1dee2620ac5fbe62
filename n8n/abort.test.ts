import { setTimeout as sleep } from 'node:timers/promises';
import { createRequire } from 'node:module';
import { expect, test, vi } from 'vitest';
import { pause } from './abort';

vi.mock('n8n-workflow', () => createRequire(__filename)('n8n-workflow') as object);

test('a wait that is longer than timers know does not end at once', async () => {
	expect(await Promise.race([pause(3e9), sleep(50, 'soon')])).toBe('soon');
});
