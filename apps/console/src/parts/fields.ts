/** A part of the first load by itself: see main.tsx. */
export { AutoComplete, Checkbox, Form, Input, Modal, Segmented, Select, Table } from 'antd';
