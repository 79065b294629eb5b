using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

// In the process itself: the build puts outputs where BenchmarkDotNet's own toolchain does not look. As root: regions are locked in memory.
// dotnet run -c Release --project perf/Benchmarks -- --filter '*Routes*'
var config = DefaultConfig.Instance.AddJob(Job.Default.WithWarmupCount(3).WithIterationCount(10).WithToolchain(InProcessEmitToolchain.Instance));
BenchmarkSwitcher.FromAssembly(typeof(Appliance.Benchmarks.BenchmarkRegion).Assembly).Run(args, config);
