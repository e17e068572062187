import './style.css';

/** The browser draws and takes input before what comes next. */
const breath = () => new Promise((done) => setTimeout(done));

// What stands in each of these files is evaluated at once: the whole of it would hold the page up for longer than a tenth of a second.
await import('./parts/react.js');
await breath();
await import('./parts/antd.js');
await breath();
await import('./parts/fields.js');
await breath();
await import('./start.js');
