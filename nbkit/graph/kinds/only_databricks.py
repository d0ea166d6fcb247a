"""Task types that only Databricks runs: they validate, and are kept."""

from __future__ import annotations

from pydantic import Field

from nbkit.graph.fields import JobReference, Part, Text, Whole
from nbkit.graph.kinds.kind import Parameters, TaskKind


class Subscriber(Part):
    """Who hears of it: a user or a destination."""

    destination_id: Text | None = None
    user_name: Text | None = None


class AlertTask(Part):
    """Evaluate an alert."""

    alert_id: Text | None = None
    parameters: dict[str, Text] | None = None
    subscribers: list[Subscriber] | None = None
    warehouse_id: Text | None = None
    workspace_path: Text | None = None


class CleanRoomsNotebookTask(Part):
    """Run a notebook of a clean room."""

    clean_room_name: Text
    notebook_name: Text
    etag: Text | None = None
    notebook_base_parameters: dict[str, Text] | None = None


class AttachedWidget(Part):
    """A widget whose data goes along."""

    page_id: Text
    widget_id: Text


class DataAttachment(Part):
    """Data of widgets, as files."""

    widgets: list[AttachedWidget]
    file_format: Text
    include_applied_filters: bool | None = None


class PageAttachment(Part):
    """Pages of the dashboard, as pictures."""

    page_ids: list[Text] | None = None
    page_selection: Text | None = None


class SubscriptionAttachment(Part):
    """What goes along with a dashboard's mail."""

    data_attachment: DataAttachment | None = None
    page_attachment: PageAttachment | None = None


class Subscription(Part):
    """Who gets a dashboard, and how."""

    attachment: SubscriptionAttachment | None = None
    custom_subject: Text | None = None
    paused: bool | None = None
    subscribers: list[Subscriber] | None = None


class DashboardTask(Part):
    """Refresh a dashboard and send it."""

    dashboard_id: Text | None = None
    filters: dict[str, Text] | None = None
    subscription: Subscription | None = None
    warehouse_id: Text | None = None


class PowerBiModel(Part):
    """The semantic model to update."""

    authentication_method: Text | None = None
    model_name: Text | None = None
    overwrite_existing: bool | None = None
    storage_mode: Text | None = None
    workspace_name: Text | None = None


class PowerBiTable(Part):
    """A table that Power BI gets."""

    catalog: Text | None = None
    name: Text | None = None
    schema_name: Text | None = Field(None, alias="schema")
    storage_mode: Text | None = None


class PowerBiTask(Part):
    """Update a Power BI model."""

    connection_resource_name: Text | None = None
    power_bi_model: PowerBiModel | None = None
    refresh_after_update: bool | None = None
    tables: list[PowerBiTable] | None = None
    warehouse_id: Text | None = None


class GpuCompute(Part):
    """The GPUs that a training run asks for."""

    num_gpus: Whole
    gpu_node_pool_id: Text | None = None
    gpu_type: Text | None = None


class GenAiComputeTask(Part):
    """Run a training script on GPUs."""

    dl_runtime_image: Text
    command: Text | None = None
    compute: GpuCompute | None = None
    mlflow_experiment_name: Text | None = None
    source: Text | None = None
    training_script_path: Text | None = None
    yaml_parameters: Text | None = None
    yaml_parameters_file_path: Text | None = None


class AcceleratorSpec(Part):
    """The accelerators of a deployment."""

    accelerator_type: Text
    accelerator_count: Whole
    provisioned_capacity_id: Text | None = None


class DeploymentSpec(Part):
    """One command and the machines it runs on."""

    compute: AcceleratorSpec
    command_path: Text | None = None
    name: Text | None = None


class AiRuntimeTask(Part):
    """Run a workload on the AI runtime."""

    experiment: Text
    deployments: list[DeploymentSpec]
    code_source_path: Text | None = None
    docker_image_url: Text | None = None
    mlflow_artifact_location: Text | None = None
    mlflow_experiment_directory: Text | None = None
    mlflow_run: Text | None = None
    priority_class: Text | None = None
    unity_catalog_image_path: Text | None = None


class QualifiedName(Part):
    """A table by catalog, schema and name."""

    catalog: Text | None = None
    schema_name: Text | None = Field(None, alias="schema")
    table: Text | None = None


class ClassifyLabel(Part):
    """A label that documents may get."""

    name: Text
    description: Text | None = None


class ClassifyLabels(Part):
    """The labels to choose from."""

    labels: list[ClassifyLabel]


class AiClassifyFunction(Part):
    """Put documents into classes."""

    version: Text
    enable_confidence_scores: bool | None = None
    enable_rationales: bool | None = None
    inline_labels: ClassifyLabels | None = None
    instructions: Text | None = None
    multilabel: bool | None = None


class AiExtractFunction(Part):
    """Take fields out of documents."""

    version: Text
    enable_citations: bool | None = None
    enable_confidence_scores: bool | None = None
    instructions: Text | None = None
    mode: Text | None = None
    schema_name: Text | None = Field(None, alias="schema")


class AiParseDocumentFunction(Part):
    """Turn documents into text."""

    version: Text
    description_element_types: list[Text] | None = None
    image_output_path: Text | None = None
    page_range: Text | None = None


class DeltaTableSource(Part):
    """Documents in a Delta table."""

    table_name: Text
    input_column: Text
    merge_key_columns: list[Text] | None = None


class VolumeSource(Part):
    """Documents in a volume."""

    volume_path: Text


class AiFunctionTask(Part):
    """Apply an AI function to documents."""

    output: QualifiedName
    ai_classify: AiClassifyFunction | None = None
    ai_extract: AiExtractFunction | None = None
    ai_parse_document: AiParseDocumentFunction | None = None
    delta_table: DeltaTableSource | None = None
    volume: VolumeSource | None = None


class SparkJarTask(Part):
    """Run a class of a jar."""

    jar_uri: Text | None = None
    main_class_name: Text | None = None
    parameters: list[Text] = Field(default_factory=list)
    run_as_repl: bool | None = None


class SparkSubmitTask(Part):
    """Call spark-submit, as old jobs do."""

    parameters: list[Text] = Field(default_factory=list)


class PythonOperatorParameter(Part):
    """One argument of a Python operator."""

    name: Text | None = None
    value: Text | None = None


class PythonOperatorTask(Part):
    """Run a Python operator."""

    main: Text | None = None
    parameters: list[PythonOperatorParameter] | None = None


class DbtCloudTask(Part):
    """Run a job of dbt Cloud; the old name of the dbt platform."""

    connection_resource_name: Text | None = None
    dbt_cloud_job_id: JobReference | None = None


class DbtPlatformTask(Part):
    """Run a job of the dbt platform."""

    connection_resource_name: Text | None = None
    dbt_platform_job_id: Text | None = None


SPARK_JAR = TaskKind(
    name="spark_jar_task", model=SparkJarTask, listed=Parameters("parameters", "jar_params")
)
SPARK_SUBMIT = TaskKind(
    name="spark_submit_task",
    model=SparkSubmitTask,
    listed=Parameters("parameters", "spark_submit_params"),
)
PYTHON_OPERATOR = TaskKind(name="python_operator_task", model=PythonOperatorTask)
DBT_PLATFORM = TaskKind(name="dbt_platform_task", model=DbtPlatformTask)
DBT_CLOUD = TaskKind(name="dbt_cloud_task", model=DbtCloudTask)
DASHBOARD = TaskKind(name="dashboard_task", model=DashboardTask)
ALERT = TaskKind(name="alert_task", model=AlertTask)
POWER_BI = TaskKind(name="power_bi_task", model=PowerBiTask)
CLEAN_ROOMS_NOTEBOOK = TaskKind(name="clean_rooms_notebook_task", model=CleanRoomsNotebookTask)
GEN_AI_COMPUTE = TaskKind(name="gen_ai_compute_task", model=GenAiComputeTask)
AI_RUNTIME = TaskKind(name="ai_runtime_task", model=AiRuntimeTask)
AI_FUNCTION = TaskKind(name="ai_function_task", model=AiFunctionTask)
GENIE = TaskKind(name="genie_task", model=Part)
AGENTIC = TaskKind(name="agentic_task", model=Part)
