mod device;
mod plan;
mod scenario;
