/** The clients of Vertex AI that Retrain uses, each imported on its own: the package's root takes seconds and hundreds of megabytes. */
export { JobServiceClient } from '@google-cloud/aiplatform/build/src/v1/job_service_client.js';
export { MetadataServiceClient } from '@google-cloud/aiplatform/build/src/v1/metadata_service_client.js';
export { ModelServiceClient } from '@google-cloud/aiplatform/build/src/v1/model_service_client.js';
export { TensorboardServiceClient } from '@google-cloud/aiplatform/build/src/v1/tensorboard_service_client.js';
export { credentials } from '@grpc/grpc-js';
export { GoogleAuth, PassThroughClient } from 'google-auth-library';
