"""Clusters, environments, libraries and Git: where Databricks would run a task."""

from __future__ import annotations

from nbkit.graph.fields import Part, Text, Whole


class AutoScale(Part):
    """The fewest and most workers of a cluster that grows and shrinks."""

    max_workers: Whole | None = None
    min_workers: Whole | None = None


class AwsAttributes(Part):
    """What only clusters on AWS have."""

    availability: Text | None = None
    ebs_volume_count: Whole | None = None
    ebs_volume_iops: Whole | None = None
    ebs_volume_size: Whole | None = None
    ebs_volume_throughput: Whole | None = None
    ebs_volume_type: Text | None = None
    first_on_demand: Whole | None = None
    instance_profile_arn: Text | None = None
    spot_bid_price_percent: Whole | None = None
    zone_id: Text | None = None


class LogAnalyticsInfo(Part):
    """Where Azure keeps a cluster's logs."""

    log_analytics_primary_key: Text | None = None
    log_analytics_workspace_id: Text | None = None


class AzureAttributes(Part):
    """What only clusters on Azure have."""

    availability: Text | None = None
    capacity_reservation_group: Text | None = None
    first_on_demand: Whole | None = None
    log_analytics_info: LogAnalyticsInfo | None = None
    spot_bid_max_price: float | None = None


class GcpAttributes(Part):
    """What only clusters on Google Cloud have."""

    availability: Text | None = None
    boot_disk_size: Whole | None = None
    confidential_compute_type: Text | None = None
    first_on_demand: Whole | None = None
    google_service_account: Text | None = None
    local_ssd_count: Whole | None = None
    use_preemptible_executors: bool | None = None
    zone_id: Text | None = None


class Destination(Part):
    """A file or folder by its address."""

    destination: Text


class BucketDestination(Part):
    """A folder in an S3 bucket."""

    destination: Text
    region: Text | None = None
    endpoint: Text | None = None
    enable_encryption: bool | None = None
    encryption_type: Text | None = None
    kms_key: Text | None = None
    canned_acl: Text | None = None


class ClusterLogConf(Part):
    """Where a cluster writes its logs."""

    dbfs: Destination | None = None
    s3: BucketDestination | None = None
    volumes: Destination | None = None


class DockerBasicAuth(Part):
    """Who may pull a container image."""

    password: Text | None = None
    username: Text | None = None


class DockerImage(Part):
    """The container image that a cluster starts from."""

    basic_auth: DockerBasicAuth | None = None
    url: Text | None = None


class NodeTypeFlexibility(Part):
    """Machine types that will do instead."""

    alternate_node_type_ids: list[Text] | None = None
    aws_context_id: Text | None = None


class InitScriptInfo(Part):
    """A script that runs when a node starts, by where it is kept."""

    abfss: Destination | None = None
    dbfs: Destination | None = None
    file: Destination | None = None
    gcs: Destination | None = None
    s3: BucketDestination | None = None
    volumes: Destination | None = None
    workspace: Destination | None = None


class ClientsTypes(Part):
    """Which kinds of work a cluster accepts."""

    jobs: bool | None = None
    notebooks: bool | None = None


class WorkloadType(Part):
    """What a cluster is for."""

    clients: ClientsTypes


class ClusterSpec(Part):
    """A cluster to create for the run. Locally only `spark_conf` and `spark_env_vars` count."""

    apply_policy_default_values: bool | None = None
    autoscale: AutoScale | None = None
    autotermination_minutes: Whole | None = None
    aws_attributes: AwsAttributes | None = None
    azure_attributes: AzureAttributes | None = None
    cluster_log_conf: ClusterLogConf | None = None
    cluster_name: Text | None = None
    custom_tags: dict[str, Text] | None = None
    data_security_mode: Text | None = None
    dependency_mode: Text | None = None
    docker_image: DockerImage | None = None
    driver_instance_pool_id: Text | None = None
    driver_node_type_flexibility: NodeTypeFlexibility | None = None
    driver_node_type_id: Text | None = None
    enable_elastic_disk: bool | None = None
    enable_local_disk_encryption: bool | None = None
    gcp_attributes: GcpAttributes | None = None
    init_scripts: list[InitScriptInfo] | None = None
    instance_pool_id: Text | None = None
    is_single_node: bool | None = None
    kind: Text | None = None
    node_type_id: Text | None = None
    num_workers: Whole | None = None
    policy_id: Text | None = None
    remote_disk_throughput: Whole | None = None
    runtime_engine: Text | None = None
    single_user_name: Text | None = None
    spark_conf: dict[str, Text] | None = None
    spark_env_vars: dict[str, Text] | None = None
    spark_version: Text | None = None
    ssh_public_keys: list[Text] | None = None
    total_initial_remote_disk_size: Whole | None = None
    use_ml_runtime: bool | None = None
    worker_node_type_flexibility: NodeTypeFlexibility | None = None
    workload_type: WorkloadType | None = None


class JobClusterServerlessCompute(Part):
    """Serverless compute shared by tasks."""

    policy_id: Text | None = None


class JobCluster(Part):
    """A cluster that several tasks share by its key."""

    job_cluster_key: Text
    new_cluster: ClusterSpec | None = None
    serverless_compute: JobClusterServerlessCompute | None = None
    serverless_compute_id: Text | None = None


class RCranLibrary(Part):
    """An R package."""

    package: Text
    repo: Text | None = None


class MavenLibrary(Part):
    """A JVM library by its coordinates."""

    coordinates: Text
    exclusions: list[Text] | None = None
    repo: Text | None = None


class PythonPyPiLibrary(Part):
    """A Python package."""

    package: Text
    repo: Text | None = None


class Library(Part):
    """One thing that a task wants installed."""

    cran: RCranLibrary | None = None
    egg: Text | None = None
    jar: Text | None = None
    maven: MavenLibrary | None = None
    pypi: PythonPyPiLibrary | None = None
    requirements: Text | None = None
    whl: Text | None = None


class EnvironmentSpec(Part):
    """What a serverless environment has installed."""

    base_environment: Text | None = None
    client: Text | None = None
    dependencies: list[Text] | None = None
    environment_version: Text | None = None
    java_dependencies: list[Text] | None = None
    project_environment: Text | None = None


class JobEnvironment(Part):
    """A serverless environment that tasks share by its key."""

    environment_key: Text
    spec: EnvironmentSpec | None = None


class JobEnvironmentVariablesSpec(Part):
    """Environment variables, given here or in files."""

    files: list[Text] | None = None
    variables: dict[str, Text] | None = None


class JobEnvironmentVariables(Part):
    """Environment variables that tasks share by their key."""

    environment_variables_key: Text
    spec: JobEnvironmentVariablesSpec | None = None


class Compute(Part):
    """The hardware that a serverless task asks for."""

    hardware_accelerator: Text | None = None


class GitSnapshot(Part):
    """The commit that a run used."""

    used_commit: Text | None = None


class JobSource(Part):
    """The file in Git that defines the job."""

    job_config_path: Text
    import_from_git_branch: Text
    dirty_state: Text | None = None


class SparseCheckout(Part):
    """The part of the repository to check out."""

    patterns: list[Text] | None = None


class GitSource(Part):
    """The repository that tasks with `source: GIT` take their files from."""

    git_url: Text
    git_provider: Text
    git_branch: Text | None = None
    git_commit: Text | None = None
    git_snapshot: GitSnapshot | None = None
    git_tag: Text | None = None
    job_source: JobSource | None = None
    sparse_checkout: SparseCheckout | None = None
