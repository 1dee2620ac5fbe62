import type { NodeAPI } from 'node-red';
import { itracksense } from '../../../providers/itracksense';
import { register } from '../register';

export = (RED: NodeAPI): void => register(RED, itracksense);
