/** A part of the first load by itself: see main.tsx. */
export { Alert, App, Button, ConfigProvider, Layout, Skeleton, Space, Tooltip, theme } from 'antd';
