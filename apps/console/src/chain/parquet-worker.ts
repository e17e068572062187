/** The thread that reads Parquet files: one file, and it is ended. */
import { parquetRows } from './parquet-rows.js';

addEventListener('message', ({ data: file }: MessageEvent<ArrayBuffer>) => {
  parquetRows(file).then(
    (rows) => postMessage({ rows }),
    () => postMessage({}),
  );
});
