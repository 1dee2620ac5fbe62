import { describe } from 'vitest';
import { polling } from './n8n-polling';

describe('polling, n8n in its mode "durable cursors"', () => polling({ durable: true }));
