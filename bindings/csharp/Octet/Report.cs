using Octet.Interop;

namespace Octet;

/// <summary>What a quantization or a comparison found. May be read by many threads at once.</summary>
public sealed unsafe class Report : IDisposable
{
    private readonly ReportHandle _handle;

    internal Report(ReportHandle handle) => _handle = handle;

    /// <summary>The report in numbers.</summary>
    public ReportInfo Info
    {
        get
        {
            q_report_info info = GetInfo();
            bool labels = info.has_labels != 0;
            return new ReportInfo
            {
                CalibrationSamples = info.calibration_samples,
                MeasuredSamples = info.measured_samples,
                HeldOut = info.held_out != 0,
                SkippedFiles = info.skipped_files,
                Agreement = info.agreement < 0 ? null : info.agreement,
                LabelledSamples = info.labelled_samples,
                FloatTop1 = labels ? info.float_top1 : null,
                Int8Top1 = labels ? info.int8_top1 : null,
                FloatTop5 = labels ? info.float_top5 : null,
                Int8Top5 = labels ? info.int8_top5 : null,
                FloatWeightBytes = info.float_weight_bytes,
                Int8WeightBytes = info.int8_weight_bytes,
                Elapsed = TimeSpan.FromSeconds(info.seconds),
                Int8Time = info.int8_ms > 0 ? TimeSpan.FromMilliseconds(info.int8_ms) : null,
                MixedTime = info.mixed_ms > 0 ? TimeSpan.FromMilliseconds(info.mixed_ms) : null,
            };
        }
    }

    /// <summary>The outputs of the network.</summary>
    public IReadOnlyList<OutputError> GetOutputs()
    {
        using Hold hold = new(Handle);
        OutputError[] outputs = new OutputError[GetInfo().output_count];
        q_error error;
        for (int i = 0; i < outputs.Length; ++i)
        {
            q_output_error info = new() { struct_size = (uint)sizeof(q_output_error) };
            Errors.Prepare(&error);
            Errors.Check(Native.q_report_get_output(_handle, i, &info, &error), &error);
            outputs[i] = new(info.name.ToString(), info.cosine, info.mean_cosine, info.sqnr_db, info.max_abs_error);
        }
        return outputs;
    }

    /// <summary>The layers in the order of execution.</summary>
    public IReadOnlyList<LayerError> GetLayers()
    {
        using Hold hold = new(Handle);
        LayerError[] layers = new LayerError[GetInfo().layer_count];
        q_error error;
        for (int i = 0; i < layers.Length; ++i)
        {
            q_layer_error info = new() { struct_size = (uint)sizeof(q_layer_error) };
            Errors.Prepare(&error);
            Errors.Check(Native.q_report_get_layer(_handle, i, &info, &error), &error);
            layers[i] = new LayerError
            {
                Name = info.name.ToString(),
                Operator = info.op.ToString(),
                Method = info.method.ToString(),
                IsInt8 = info.is_int8 != 0,
                Cosine = info.cosine,
                SqnrDb = info.sqnr_db,
                MaxAbsError = info.max_abs_error,
                ClippedShare = info.clipped_share,
                Low = info.low,
                High = info.high,
            };
        }
        return layers;
    }

    /// <summary>
    /// Layers that <see cref="QuantizeOptions.FloatWhereFaster"/> kept in float, in the order of execution. The same
    /// names under "skip_quant_op_names" of the configuration give the same model on every machine.
    /// </summary>
    public IReadOnlyList<KeptFloatLayer> GetKeptFloatLayers()
    {
        using Hold hold = new(Handle);
        KeptFloatLayer[] layers = new KeptFloatLayer[GetInfo().kept_float_count];
        q_error error;
        for (int i = 0; i < layers.Length; ++i)
        {
            q_kept_float info = new() { struct_size = (uint)sizeof(q_kept_float) };
            Errors.Prepare(&error);
            Errors.Check(Native.q_report_get_kept_float(_handle, i, &info, &error), &error);
            layers[i] = new(
                info.name.ToString(),
                info.op.ToString(),
                TimeSpan.FromMilliseconds(info.float_ms),
                TimeSpan.FromMilliseconds(info.int8_ms));
        }
        return layers;
    }

    /// <summary>What may not be as meant, such as unreadable images.</summary>
    public IReadOnlyList<string> GetWarnings()
    {
        using Hold hold = new(Handle);
        string[] warnings = new string[GetInfo().warning_count];
        q_error error;
        for (int i = 0; i < warnings.Length; ++i)
        {
            q_str text;
            Errors.Prepare(&error);
            Errors.Check(Native.q_report_get_warning(_handle, i, &text, &error), &error);
            warnings[i] = text.ToString();
        }
        return warnings;
    }

    /// <summary>The whole report as one JSON object.</summary>
    public string ToJson()
    {
        using Hold hold = new(Handle);
        q_str json;
        q_error error;
        Errors.Prepare(&error);
        Errors.Check(Native.q_report_get_json(_handle, &json, &error), &error);
        return json.ToString();
    }

    /// <summary>Writes the report; the ending names the format: .html (one file, works offline) or .json.</summary>
    /// <exception cref="OctetException">Status IO, or Unsupported for another ending.</exception>
    public void Save(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        using Scope scope = new();
        q_error error;
        Errors.Prepare(&error);
        Errors.Check(Native.q_report_save(Handle, scope.Text(path), &error), &error);
    }

    /// <summary>Gives the memory back. A second call does nothing.</summary>
    public void Dispose() => _handle.Dispose();

    private ReportHandle Handle
    {
        get
        {
            ObjectDisposedException.ThrowIf(_handle.IsClosed, this);
            return _handle;
        }
    }

    private q_report_info GetInfo()
    {
        q_report_info info = new() { struct_size = (uint)sizeof(q_report_info) };
        q_error error;
        Errors.Prepare(&error);
        Errors.Check(Native.q_report_get_info(Handle, &info, &error), &error);
        return info;
    }
}
