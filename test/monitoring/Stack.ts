/**
 * What is started beside a program to watch it: Prometheus, Grafana with its datasource and dashboard, and an
 * OpenTelemetry collector for programs that push.
 */

/** Where `PrometheusRenderer` of the examples listens, on the machine that runs the containers. */
const programPort = 9464

/** Where the collector shows what it was pushed. */
const collectorPort = 9465

export const datasourceUid = "narrative-prometheus"

export const prometheus = {
  global: { scrape_interval: "15s", evaluation_interval: "15s" },
  rule_files: ["rules.yml"],
  scrape_configs: [
    {
      job_name: "narrative",
      static_configs: [{ targets: [`host.docker.internal:${programPort}`] }]
    },
    {
      job_name: "otel-collector",
      // The collector knows which service a series came from: that stays, instead of the collector's own name.
      honor_labels: true,
      static_configs: [{ targets: [`otel-collector:${collectorPort}`] }]
    }
  ]
}

const batch = { timeout: "1s" }

export const collector = {
  receivers: { otlp: { protocols: { grpc: { endpoint: "0.0.0.0:4317" }, http: { endpoint: "0.0.0.0:4318" } } } },
  processors: { memory_limiter: { check_interval: "1s", limit_mib: 256 }, batch },
  exporters: {
    prometheus: { endpoint: `0.0.0.0:${collectorPort}` },
    debug: { verbosity: "basic" }
  },
  service: {
    pipelines: {
      metrics: { receivers: ["otlp"], processors: ["memory_limiter", "batch"], exporters: ["prometheus"] },
      traces: { receivers: ["otlp"], processors: ["memory_limiter", "batch"], exporters: ["debug"] },
      logs: { receivers: ["otlp"], processors: ["memory_limiter", "batch"], exporters: ["debug"] }
    }
  }
}

export const datasource = {
  apiVersion: 1,
  datasources: [
    {
      name: "Prometheus",
      uid: datasourceUid,
      type: "prometheus",
      access: "proxy",
      url: "http://prometheus:9090",
      isDefault: true,
      // As in prometheus.yml: Grafana derives the least window of a rate from it.
      jsonData: { timeInterval: prometheus.global.scrape_interval, httpMethod: "POST" }
    }
  ]
}

export const dashboards = {
  apiVersion: 1,
  providers: [
    {
      name: "effect-narrative",
      type: "file",
      disableDeletion: true,
      allowUiUpdates: false,
      options: { path: "/var/lib/grafana/dashboards" }
    }
  ]
}

const local = (port: number): string => `127.0.0.1:${port}:${port}`

export const compose = {
  name: "effect-narrative",
  services: {
    prometheus: {
      image: "prom/prometheus:v3.5.0",
      command: [
        "--config.file=/etc/prometheus/prometheus.yml",
        "--storage.tsdb.path=/prometheus",
        "--storage.tsdb.retention.time=30d",
        "--enable-feature=exemplar-storage"
      ],
      ports: [local(9090)],
      extra_hosts: ["host.docker.internal:host-gateway"],
      volumes: [
        "./prometheus.yml:/etc/prometheus/prometheus.yml:ro",
        "./rules.yml:/etc/prometheus/rules.yml:ro",
        "prometheus:/prometheus"
      ],
      restart: "unless-stopped"
    },
    grafana: {
      image: "grafana/grafana:12.1.0",
      ports: [local(3000)],
      volumes: [
        "./grafana-datasource.yml:/etc/grafana/provisioning/datasources/narrative.yml:ro",
        "./grafana-dashboards.yml:/etc/grafana/provisioning/dashboards/narrative.yml:ro",
        "./dashboard.json:/var/lib/grafana/dashboards/narrative.json:ro",
        "grafana:/var/lib/grafana"
      ],
      depends_on: ["prometheus"],
      restart: "unless-stopped"
    },
    "otel-collector": {
      image: "otel/opentelemetry-collector-contrib:0.130.0",
      command: ["--config=/etc/otel-collector.yml"],
      ports: [local(4317), local(4318)],
      volumes: ["./otel-collector.yml:/etc/otel-collector.yml:ro"],
      restart: "unless-stopped"
    }
  },
  volumes: { prometheus: {}, grafana: {} }
}
