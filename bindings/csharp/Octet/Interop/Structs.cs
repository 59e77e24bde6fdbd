// The structs of octet.h, member for member and under their C names, so that LayoutTests can compare them with what a C
// compiler says. Callbacks are void*: their types stand at the functions of Callbacks.cs.
#pragma warning disable IDE1006 // names are C's

namespace Octet.Interop;

internal unsafe struct q_str
{
    public byte* data;
    public nuint size;

    public override readonly string ToString() =>
        data is null ? "" : System.Text.Encoding.UTF8.GetString(data, checked((int)size));
}

internal unsafe struct q_bytes
{
    public void* data;
    public nuint size;
}

internal unsafe struct q_error
{
    public uint struct_size;
    public int code;
    public fixed byte message[1016];
}

internal struct q_progress
{
    public uint struct_size;
    public int reserved;
    public q_str stage;
    public long done;
    public long total;
    public double seconds_left;
}

internal unsafe struct q_shape
{
    public long* dims;
    public int rank;
    public int reserved;
}

internal unsafe struct q_load_options
{
    public uint struct_size;
    public int reserved;
    public void* log;
    public void* log_user;
    public q_shape* input_shapes;
    public int input_shape_count;
    public int fix_sizes;
}

internal struct q_model_info
{
    public uint struct_size;
    public int input_count;
    public int output_count;
    public int layer_count;
    public int int8_layer_count;
    public int reserved;
    public long macs;
    public long int8_macs;
    public long weight_bytes;
    public long file_bytes;
    public q_str name;
    public q_str source_format;
}

internal unsafe struct q_tensor_info
{
    public uint struct_size;
    public int dtype;
    public int rank;
    public int zero_point;
    public float scale;
    public int reserved;
    public fixed long dims[8];
    public long element_count;
    public q_str name;
}

internal struct q_layer_info
{
    public uint struct_size;
    public int is_int8;
    public q_str name;
    public q_str op;
    public long macs;
    public long weight_bytes;
    public q_tensor_info output;
}

internal unsafe struct q_recipe
{
    public uint struct_size;
    public int format;
    public int fit;
    public int width;
    public int height;
    public int shorter_side;
    public float center_crop_h;
    public float center_crop_w;
    public fixed float mean[4];
    public fixed float normal[4];
}

internal unsafe struct q_pixels
{
    public uint struct_size;
    public int format;
    public int width;
    public int height;
    public byte* data;
    public nuint size_bytes;
    public long row_stride;
}

internal struct q_mapping
{
    public uint struct_size;
    public float scale_x;
    public float scale_y;
    public float offset_x;
    public float offset_y;
}

internal unsafe struct q_allocator
{
    public uint struct_size;
    public int reserved;
    public void* allocate;
    public void* release;
    public void* user;
}

internal unsafe struct q_session_options
{
    public uint struct_size;
    public int threads;
    public q_str isa;
    public int profile;
    public int reserved;
    public void* runner;
    public void* runner_user;
    public void* arena;
    public nuint arena_bytes;
    public q_allocator* allocator;
    public q_shape* input_shapes;
    public int input_shape_count;
    public int reserved2;
}

internal unsafe struct q_tensor
{
    public void* data;
    public nuint size_bytes;
    public long* strides;
    public int dtype;
    public int reserved;
}

internal struct q_session_info
{
    public uint struct_size;
    public int threads;
    public int step_count;
    public int reserved;
    public long arena_bytes;
    public long packed_bytes;
    public q_str isa;
}

internal struct q_step_info
{
    public uint struct_size;
    public int is_int8;
    public q_str name;
    public q_str op;
    public q_str kernel;
    public long macs;
    public double last_ms;
    public double total_ms;
}

internal unsafe struct q_calibration
{
    public uint struct_size;
    public int reserved;
    public long count;
    public void* load;
    public void* user;
}

internal unsafe struct q_quantize_options
{
    public uint struct_size;
    public int threads;
    public q_str config_path;
    public q_calibration* calibration;
    public q_str feature_method;
    public q_str weight_method;
    public void* progress;
    public void* progress_user;
    public void* log;
    public void* log_user;
    public int float_where_faster;
    public int reserved;
    public q_str config_json;
    public q_str images;
    public q_str* image_files;
    public long image_file_count;
    public int report_details;
    public int boxes;
    public q_str cache;
    public q_str* statistics;
    public nuint statistics_count;
}

internal unsafe struct q_compare_options
{
    public uint struct_size;
    public int threads;
    public q_str config_path;
    public q_str images;
    public q_str labels;
    public int label_offset;
    public int reserved;
    public void* progress;
    public void* progress_user;
    public void* log;
    public void* log_user;
    public q_str config_json;
    public q_calibration* samples;
    public int report_details;
    public int boxes;
}

internal struct q_report_info
{
    public uint struct_size;
    public int output_count;
    public int layer_count;
    public int warning_count;
    public long calibration_samples;
    public long measured_samples;
    public int held_out;
    public int has_labels;
    public long skipped_files;
    public long labelled_samples;
    public double agreement;
    public double float_top1;
    public double int8_top1;
    public double float_top5;
    public double int8_top5;
    public long float_weight_bytes;
    public long int8_weight_bytes;
    public double seconds;
    public int kept_float_count;
    public int reserved;
    public double int8_ms;
    public double mixed_ms;
    public int is_poor;
    public int sample_count;
    public int has_detections;
    public int has_mixed;
    public int mixed_layer_count;
    public int mixed_reached;
    public double mixed_float_mac_share;
    public double all_int8_sqnr_db;
    public double mixed_sqnr_db;
    public double all_int8_drop;
    public double mixed_drop;
    public double float_run_ms;
    public double int8_run_ms;
}

internal struct q_output_error
{
    public uint struct_size;
    public int reserved;
    public q_str name;
    public double cosine;
    public double mean_cosine;
    public double sqnr_db;
    public double max_abs_error;
}

internal struct q_layer_error
{
    public uint struct_size;
    public int is_int8;
    public q_str name;
    public q_str op;
    public q_str method;
    public double cosine;
    public double sqnr_db;
    public double max_abs_error;
    public double clipped_share;
    public float low;
    public float high;
    public q_str cause;
    public q_str cause_text;
    public q_str advice;
    public double own_sqnr_db;
    public double float_ms;
    public double int8_ms;
    public int is_equalized;
    public int reserved;
}

internal struct q_kept_float
{
    public uint struct_size;
    public int reserved;
    public q_str name;
    public q_str op;
    public double float_ms;
    public double int8_ms;
}

internal struct q_mixed_layer
{
    public uint struct_size;
    public int reserved;
    public q_str name;
    public q_str op;
    public long macs;
    public double gained_db;
}

internal struct q_sample_error
{
    public uint struct_size;
    public int same_answer;
    public q_str name;
    public double cosine;
    public long float_class;
    public long int8_class;
    public double float_score;
    public double int8_score;
    public int float_box_count;
    public int int8_box_count;
}

internal struct q_detection_error
{
    public uint struct_size;
    public int boxes;
    public double score_threshold;
    public long float_boxes;
    public long int8_boxes;
    public long matched;
    public long same_samples;
    public double mean_iou;
    public double least_iou;
    public double mean_score_error;
    public double max_score_error;
}
